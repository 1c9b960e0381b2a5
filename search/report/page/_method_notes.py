"""How the numbers on the page came about and what they do not say, in plain words."""

METHODS = [
    "A trial is one curriculum: intermediate stages in order, then every target, trained in the source language on top of them and "
    "scored in every language without having seen it.",
    "A score lies between 0 and 1, in the main metric of its target. A family's score is, for each target, the mean over the family's "
    "languages, then the mean over targets.",
    "Gains are differences to the trial without an intermediate stage. Significant is what the named test excludes to be zero, after the named "
    "correction; effects that are not significant may be there all the same.",
    "Finalists were trained again on fresh seeds. Best is named alone only where a test on the same seeds and languages, corrected for all "
    "comparisons between finalists, has it better than every other one; otherwise the verdict is a tie.",
    "A stage that two trials share was trained once; what was saved is what each trial would have cost alone, minus what was trained.",
]
LIMITS = [
    "The numbers hold for this encoder, these tasks, sizes and rates. Another search, on other seeds, may choose another curriculum.",
    "If this search ran on the miniature, its numbers are about the miniature, a test-bed of short texts and a small encoder, and "
    "never about XTREME-R.",
    "Trials that a sampler chose are no random draw: means over trials with a method, and importance, are hints where they are not paired.",
    "Cells of the heat map stand for one language each and are not tested: a single dark one is no finding.",
]
