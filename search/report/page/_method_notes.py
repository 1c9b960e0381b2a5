"""How the numbers on the page were computed, and their limits."""

METHODS = [
    "A trial is one curriculum: intermediate stages in order, then every target. A target is fine-tuned in the source language on top of them and "
    "scored in every language.",
    "A score lies between 0 and 1, in the main metric of its target. The score of a family is the mean over its languages, then over targets.",
    "A gain is the difference to the trial without intermediate stages. It is significant if the named test, after the named correction, excludes zero. "
    "An effect that is not significant may still exist.",
    "Finalists were trained again on fresh seeds. The verdict is separated only if the best finalist is significantly better than every other one, on "
    "the same seeds and languages, corrected for all comparisons. Otherwise it is a tie.",
    "A stage that several trials share was trained once. The saving is the cost of all trials without sharing, minus what was trained.",
]
LIMITS = [
    "The numbers hold for this encoder, these tasks, data sizes and learning rates. Another search, on other seeds, may choose another curriculum.",
    "Numbers of the miniature are about the miniature, a test bed of short texts and a small encoder. They say nothing about XTREME-R.",
    "A sampler does not choose trials at random: means over trials with a noise method, and importance, are hints where trials are not paired.",
    "Cells of the heat map are not tested.",
]
