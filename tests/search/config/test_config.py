import pytest

from search.config import check_encoder, load_config, validate_config
from search.errors import ConfigError
from trainables.benchmarks import BENCHMARK_LANGUAGES
from trainables.noise_methods import NOISE_METHODS


def problems(document) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        validate_config(document, "config.yaml")
    return caught.value.problems


def test_a_valid_document_is_a_config(config):
    settings = config()
    assert settings.targets == ("choice", "tagging")
    assert settings.intermediate["facts_sw"].resource == "low"
    assert settings.finalists.top == 2


BAD = [
    ({"samplr": "tpe"}, "samplr", "unknown key; did you mean sampler? allowed here: name, encoder, tasks, benchmark"),
    ({"curriculum.length": 2}, "curriculum.length", "allowed here: max_length, joint"),
    ({"space.noise.method": "none"}, "space.noise.method", "allowed here: methods, magnitude, weight, along"),
    ({"space.noise.methods": [{"method": "neftune", "steps": 2}]}, "space.noise.methods.0", "neftune has no steps; it takes: magnitude, schedule"),
    ({"space.noise.methods": [{"method": "r_drop", "magnitude": 2}]}, "space.noise.methods.0", "r_drop has no magnitude"),
    ({"space.noise.methods": [{"method": "none", "schedule": "rising"}]}, "space.noise.methods.0", "none has no schedule; it takes: nothing"),
    ({"space.noise.methods": [{"method": "smart", "norm": "l3"}]}, "space.noise.methods.0.norm", "'l2' or 'linf'"),
    ({"space.noise.methods": [{"method": "smart", "norm": "linf", "level": "sentence"}]}, "space.noise.methods.0", "leave level out"),
    ({"space.noise.methods": [{"method": "smart", "radius": 1}]}, "space.noise.methods.0.radius", "allowed here: method, magnitude"),
    ({"space.noise.methods": ["freelb", {"method": "freelb", "steps": 3}]}, "space.noise.methods", "listed twice"),
    ({"space.noise.along": "all"}, "space.noise.along", "'per_stage', 'every_stage', 'targets' or 'none'"),
    ({"space.noise.along": "targets", "space.target.noise.methods": ["freelb"]}, "space.target", "leave target.noise out"),
    ({"training.tasks": {"dates": {"steps": 0}}}, "training.tasks.dates.steps", "greater than 0"),
    ({"training.tasks": {"inital": {"steps": 1}}}, "training", "unknown task in training.tasks: 'inital'; allowed: inference"),
    ({"benchmark": "robust_xlt", "targets": ["xnli"], "intermediate": {}, "curriculum.max_length": 0, "languages": None,
      "space.noise.methods": ["augmentation"]}, "space", "robust_xlt has none: set space.noise.synonyms"),
    ({"generalized.pairs": "some"}, "generalized.pairs", "must be a number of pairs, or all; got 'some'"),
    ({"generalized.pairs": 3, "targets": ["tagging"]}, "generalized", "need a target of two texts: classification, multi_label, multiple_choice"),
    ({"benchmark": "robust_xlt", "targets": ["xnli", "pawsx"], "intermediate": {}, "curriculum.max_length": 0, "languages": ["en", "sw"]},
     "languages", "pawsx needs a language other than English that encoders are pre-trained on; it has: de, en"),
    ({"generalized.pairs": 3, "languages": ["en", "de", "wo"]}, "generalized", "need two languages other than English"),
    ({"curriculum.max_length": 0, "space.noise.methods": ["neftune"]}, "space", "there are none (curriculum.max_length 0): set it to targets"),
    ({"training.equal": "time"}, "training.equal", "'steps' or 'compute'"),
    ({"intermediate.facts.size": 1}, "intermediate.facts.size", "allowed here: resource"),
    ({"training.target.steps": "many"}, "training.target.steps", 'valid integer; got "many"'),
    ({"trials": 2.5}, "trials", "got 2.5"),
    ({"trials": "6"}, "trials", 'got "6"'),
    ({"trials": True}, "trials", "got true"),
    ({"trials": 0}, "trials", "greater than 0; got 0"),
    ({"trials": -3}, "trials", "greater than 0; got -3"),
    ({"targets": "choice"}, "targets", 'got "choice"'),
    ({"targets": []}, "targets", "at least one target task is needed; allowed: inference"),
    ({"targets": ["chioce"]}, "targets", "unknown target task: 'chioce'; allowed: inference, choice, tagging, answer"),
    ({"targets": ["facts"], "intermediate": {"dates": {"resource": "high"}}, "curriculum.max_length": 1},
     "targets", "unknown target task: 'facts'"),
    ({"targets": ["choice", "choice"]}, "targets", "listed twice"),
    ({"intermediate": {}}, "curriculum", "max_length 2 is greater than the number of intermediate tasks, 0"),
    ({"intermediate.fact": {"resource": "high"}}, "intermediate", "unknown intermediate task: 'fact'; allowed:"),
    ({"intermediate.retrieval": {"resource": "high"}}, "intermediate", "unknown intermediate task: 'retrieval'"),
    ({"intermediate.choice": {"resource": "high"}}, "intermediate", "either a target or an intermediate task, not both: choice"),
    ({"intermediate.facts.resource": "medium"}, "intermediate.facts.resource", "'high' or 'low'; got \"medium\""),
    ({"space.noise.methods": ["nose"]}, "space.noise.methods", f"unknown noise method: 'nose'; allowed: {', '.join(NOISE_METHODS)}"),
    ({"space.noise.methods": []}, "space.noise.methods", "at least one noise method"),
    ({"space.target.noise.methods": ["x"]}, "space.target.noise.methods", "unknown noise method: 'x'"),
    ({"languages": ["de", "xx"]}, "languages", "unknown language 'xx': add it to language_table"),
    ({"languages": []}, "languages", "at least one language"),
    ({"languages": ["de", "de"]}, "languages", "listed twice"),
    ({"languages": ["en"]}, "languages", ""),
    ({"languages": ["en", "wo"]}, "languages", ""),
    ({"languages": ["de"], "objective": "source_dev"}, "", "source_dev"),
    ({"targets": ["retrieval"], "objective": "source_dev"}, "", "source_dev"),
    ({"curriculum.max_length": 4}, "curriculum", "max_length 4 is greater than the number of intermediate tasks, 3"),
    ({"curriculum.max_length": -1}, "curriculum.max_length", "greater than or equal to 0; got -1"),
    ({"space.learning_rate": {"low": 1e-3, "high": 1e-4, "points": 3}}, "space.learning_rate", "low must be below high"),
    ({"space.learning_rate": {"low": 1e-3, "high": 1e-4}}, "space.learning_rate", "low must be below high"),
    ({"space.learning_rate": {"low": 1e-3, "high": 1e-3}}, "space.learning_rate", "low must be below high"),
    ({"space.learning_rate": {"low": 1e-4, "high": 1e-3, "points": 1}}, "space.learning_rate", "2 points or more"),
    ({"space.learning_rate": {"low": 0, "high": 1e-3}}, "space.learning_rate.low", "greater than 0; got 0"),
    ({"space.learning_rate": True}, "space.learning_rate", "must be a number, or low, high and points; got True"),
    ({"space.learning_rate": "fast"}, "space.learning_rate", "must be a number, or low, high and points; got 'fast'"),
    ({"resources": {"gpus_per_trial": 1.5}}, "resources.gpus_per_trial", "a fraction of one GPU, or a whole number of GPUs; got 1.5"),
    ({"store": {"url": "nosuch://x"}}, "store.url", "Protocol not known: nosuch"),
    ({"store": {"max_size": "much"}}, "store.max_size", 'got "much"'),
    ({"space.noise.magnitude": {"low": 0.4, "high": 0.1, "points": 2}}, "space.noise.magnitude", "low must be below high"),
    ({"training.target.average": 1}, "training.target.average", "less than 1; got 1"),
    ({"name": "a/b"}, "name", "letters, digits, '-', '_' and single dots between them; got 'a/b'"),
    ({"name": "a" * 101}, "name", "at most 100 characters; this one has 101"),
    ({"name": ".."}, "name", "got '..'"),
    ({"name": "a..b"}, "name", "got 'a..b'"),
    ({"name": ""}, "name", "got ''"),
    ({"name": 7}, "name", "got 7"),
    ({"benchmark": "glue"}, "benchmark", "unknown benchmark 'glue'; allowed: miniature, xtreme_r, xtreme, xglue, robust_xlt"),
    ({"encoder": "nothing here"}, "encoder", "allowed: miniature, a folder, namespace/name"),
    ({"sampler": "grid"}, "sampler", "'curriculum', 'tpe', 'gp', 'random', 'nsga2' or 'orders'; got \"grid\""),
    ({"objective": "test"}, "objective", "'transfer_dev', 'source_dev' or 'worst_family_dev'"),
    ({"seed": -1}, "seed", "got -1"),
    ({"stop.patience": 0}, "stop.patience", "greater than 0; got 0"),
    ({"budget.stage_seconds": 0}, "budget.stage_seconds", "greater than 0; got 0"),
    ({"budget.hours": 0}, "budget.hours", "greater than 0; got 0"),
    ({"finalists.top": -1}, "finalists.top", "got -1"),
    ({"finalists.top": "some"}, "finalists.top", "must be a number of finalists, or all; got 'some'"),
    ({"second_objective": "transfer_dev"}, "second_objective", "transfer_dev is already the objective"),
    ({"second_objective": "seconds"}, "second_objective", "sampler curriculum supports one objective; samplers for two: tpe, nsga2, random"),
    ({"sampler": "nsga2"}, "second_objective", "nsga2 is for two objectives"),
    ({"racing.rules": ["wins"]}, "racing.rules.0", "'asha' or 'paired'; got \"wins\""),
    ({"racing": {"rules": ["asha"], "grace": 2}}, "racing", "grace 2 leaves nothing to save: transfer_dev counts 2 targets"),
    ({"racing.rules": ["asha", "asha"]}, "racing.rules", "a rule is listed twice"),
    ({"languages": ["de", "fi"], "sampler": "tpe", "second_objective": "source_dev"}, "second_objective", "needs English"),
    ({"racing.rules": ["paired"], "objective": "source_dev"}, "racing", "the objective is source_dev"),
    ({"racing.rules": ["asha"], "sampler": "tpe", "second_objective": "seconds"}, "racing", "racing supports one objective"),
    ({"prior.tasks": {"choice": 1.0}}, "prior", "unknown intermediate task in prior.tasks: 'choice'"),
    ({"prior.search": "sums"}, "prior", "prior.search is this search itself"),
    ({"sampler": "tpe", "stop.improbable_improvement": {"by": 0.01}}, "stop", "asks the model of sampler curriculum"),
    ({"racing": {"rules": ["asha"], "grace": 1.5}}, "racing", "grace 1.5 leaves nothing to save"),
    ({"sampler": "orders", "racing.rules": ["asha"]}, "racing", "sampler orders needs every trial of its design"),
    ({"sampler": "orders", "stop.patience": 3}, "stop", "sampler orders needs every trial of its design"),
    ({"sampler": "orders", "space.learning_rate": {"low": 1e-4, "high": 1e-3}}, "sampler", "one value each of space.learning_rate"),
    ({"resources.workers": 0}, "resources.workers", "greater than 0; got 0"),
    ({"store": None}, "store", "got null"),
    ({"training.target": {"epochs": 2, "steps": 3}}, "training.target", "steps or epochs, not both"),
    ({"training.target": {"batch_size": 2}}, "training.target", "steps or epochs is required"),
    ({"training.target.warmup": 1.5}, "training.target.warmup", "less than 1; got 1.5"),
    ({"curriculum.mixing": "equal"}, "curriculum.mixing", "'uniform', 'proportional' or 'temperature'; got \"equal\""),
    ({"curriculum.temperature": 1}, "curriculum.temperature", "greater than 1; got 1"),
    ({"curriculum.retention": -1}, "curriculum.retention", "greater than or equal to 0; got -1"),
    ({"intermediate.facts@0": {}}, "intermediate", "unknown intermediate task: 'facts@0'"),
    ({"intermediate.facts@0100": {}}, "intermediate", "unknown intermediate task: 'facts@0100'"),
    ({"intermediate.facts@4000": {}}, "intermediate", "unknown intermediate task: 'facts@4000'"),
    ({"intermediate.facts@x": {}}, "intermediate", "unknown intermediate task: 'facts@x'"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "where", "what"), BAD, ids=lambda part: repr(part)[:60] if isinstance(part, dict) else ""
)
def test_a_mistake_is_one_problem_with_its_path_and_what_is_allowed(document, changes, where, what):
    found = problems(document(changes))
    assert len(found) == 1, found
    assert found[0].startswith(where)
    assert what in found[0]


@pytest.mark.parametrize("key", ["name", "encoder", "targets", "trials", "space", "training"])
def test_a_missing_key_is_named(document, key):
    settings = document()
    del settings[key]
    assert problems(settings) == [f"{key}: this key is required"]


def test_all_mistakes_come_together(document):
    changes = {
        "samplr": 1,
        "trials": 0,
        "targets": ["x"],
        "name": "..",
        "space.target.learning_rate": "fast",
        "seed": 1.5,
    }
    found = problems(document(changes))
    starts = [problem.partition(":")[0] for problem in found]
    assert sorted(starts) == sorted(["samplr", "trials", "targets", "name", "space.target.learning_rate", "seed"])


def test_the_message_counts_the_problems_and_gives_each_its_line(document):
    with pytest.raises(ConfigError) as caught:
        validate_config(document({"trials": 0, "seed": -1}), "my.yaml")
    first, *rest = str(caught.value).splitlines()
    assert first == "my.yaml: 2 problems"
    assert [line.split(":")[0] for line in rest] == ["  seed", "  trials"]


def test_an_encoder_folder_wants_a_config_and_weights(tmp_path):
    with pytest.raises(ValueError, match=r"no config\.json"):
        check_encoder(str(tmp_path))
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ValueError, match=r"no weights: it holds no \*\.safetensors"):
        check_encoder(str(tmp_path))
    (tmp_path / "model.safetensors").write_bytes(b"")
    assert check_encoder(str(tmp_path)) == str(tmp_path)


def test_an_encoder_may_be_the_miniature_or_a_hub_id():
    assert check_encoder("miniature") == "miniature"
    assert check_encoder("FacebookAI/xlm-roberta-base") == "FacebookAI/xlm-roberta-base"


def test_an_encoder_folder_without_weights_is_a_problem_of_the_config(document, tmp_path):
    (tmp_path / "config.json").write_text("{}")
    (found,) = problems(document({"encoder": str(tmp_path)}))
    assert found.startswith("encoder: the encoder folder")


def test_a_bare_number_is_a_grid_of_one_value(config):
    assert config({"space.learning_rate": 0.001}).space.learning_rate.values == (0.001,)


@pytest.mark.parametrize(
    ("value", "what"),
    [(-1e-3, "greater than 0; got -0.001"), (0, "got 0"), (float("nan"), "finite"), (float("inf"), "finite")],
)
def test_a_bare_number_that_is_no_rate_is_refused(document, value, what):
    found = problems(document({"space.learning_rate": value}))
    assert len(found) == 1
    assert found[0].startswith("space.learning_rate: ") and what in found[0]


def test_a_grid_rises_at_equal_ratios_and_reads_well(config):
    grid = config({"space.learning_rate": {"low": 1e-5, "high": 1e-3, "points": 5}}).space.learning_rate
    assert grid.values == (1e-05, 3.162e-05, 0.0001, 0.0003162, 0.001)


def test_all_languages_of_the_benchmark_are_scored_by_default(config):
    assert config({"languages": None}).scored_languages == BENCHMARK_LANGUAGES["miniature"]
    assert config({"languages": ["fi", "de"]}).scored_languages == ("fi", "de")


def test_a_written_config_reads_back_the_same(config):
    settings = config({"space.learning_rate": {"low": 1e-4, "high": 1e-3, "points": 2}, "budget.hours": 1})
    assert validate_config(settings.model_dump(mode="json"), "again") == settings


def test_overrides_come_before_the_checks(write_config):
    settings = load_config(write_config({"trials": 0}), ["trials=7", "space.target.learning_rate=2e-3"])
    assert settings.trials == 7
    assert settings.space.target.learning_rate.values == (0.002,)


@pytest.mark.parametrize("text", ["", "- 1\n- 2\n", "just words\n"])
def test_a_file_that_is_no_mapping_is_refused(tmp_path, text):
    (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(ConfigError, match="a config is a mapping of keys to values"):
        load_config(tmp_path / "c.yaml")


@pytest.mark.parametrize("text", ["2020-01-01: x\n", "1: x\n", "null: x\n", "name: &a [*a]\n", "seed: 2020-01-01\n"])
def test_yaml_that_json_could_not_say_is_the_users_mistake(tmp_path, text):
    (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(ConfigError):
        load_config(tmp_path / "c.yaml")


def test_a_config_cannot_be_changed(config):
    with pytest.raises(ValueError, match="frozen"):
        config().trials = 3


def test_a_size_is_read_as_people_write_it(config):
    assert config({"store": {"max_size": "2GB"}}).store.max_size == 2_000_000_000
    assert config({"store": {"max_size": 5}}).store.max_size == 5


def test_a_config_with_noise_comes_back_from_its_own_file_as_it_was(config):
    methods = ["none", {"method": "smart", "norm": "linf", "weight": 2}, {"method": "r_drop", "dropout": 0.2}]
    settings = config({"space.noise": {"methods": methods, "along": "every_stage"}, "generalized.pairs": "all"})
    assert validate_config(settings.model_dump(mode="json"), "again") == settings


def test_methods_are_named_by_what_is_said_about_them(config):
    methods = ["freelb", {"method": "freelb", "steps": 5}, {"method": "freelb", "schedule": "rising"}]
    settings = config({"space.noise.methods": methods})
    assert list(settings.space.noise.by_name) == ["freelb", "freelb (5 steps)", "freelb (rising, 3 steps)"]


def test_a_task_of_which_examples_are_drawn_is_low_in_resources(config):
    settings = config({"intermediate": {"facts": {}, "facts@100": {}, "facts@100.7": {"resource": "high"}}})
    assert [settings.get_resource(task) for task in settings.intermediate] == ["high", "low", "high"]


def test_what_is_said_of_a_single_task_stands_in_place_of_the_usual(config):
    training = config(
        {"training.target": {"steps": 50, "warmup": 0.0}, "training.tasks.choice": {"epochs": 2}}
    ).training
    own, usual = (
        training.get_stage_settings("choice", training.target),
        training.get_stage_settings("tagging", training.target),
    )
    assert (own.steps, own.epochs, own.warmup) == (None, 2, 0.0)
    assert usual == training.target


@pytest.mark.parametrize("objective", ["transfer_dev", "worst_family_dev"])
def test_an_objective_needs_a_dev_set_that_it_can_be_read_off(document, config, objective):
    hub = {
        "encoder": "FacebookAI/xlm-roberta-base",
        "benchmark": "xtreme_r",
        "targets": ["xquad", "tatoeba"],
        "languages": ["en", "de"],
        "intermediate": {},
        "curriculum.max_length": 0,
    }
    (problem,) = problems(document(hub | {"objective": objective}))
    assert problem.startswith("objective:")
    assert "none of xquad, tatoeba has one" in problem
    assert config(hub | {"objective": "source_dev"}).objective == "source_dev"


def test_a_task_made_from_the_dev_items_of_a_target_is_refused_before_it(document):
    hub = {
        "encoder": "FacebookAI/xlm-roberta-base",
        "benchmark": "xtreme_r",
        "targets": ["xnli"],
        "languages": ["en", "de"],
        "intermediate": {"americasnli": {}},
        "curriculum.max_length": 1,
    }
    (problem,) = problems(document(hub))
    assert problem.startswith("intermediate: americasnli was made from dev items of xnli")
