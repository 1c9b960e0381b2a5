# make demo   install, then run the miniature search and print its answer
# make test   install, then run the tests
# make docs   install, then build the documentation into site/
PYTHON ?= python3.11
VENV := .venv
INSTALLED := $(VENV)/.installed
HOME_DIR ?= xlt-home

.PHONY: install browser demo test lint docs bench clean

install: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev,docs]"
	touch $@

demo: install
	$(VENV)/bin/xlt --home $(HOME_DIR) launch configs/miniature.yaml

# Pages are opened in a real browser by the tests: any Chromium or Chrome that is here, else Debian's.
browser:
	@if [ -n "$$XLT_BROWSER" ] || command -v chromium chromium-browser google-chrome google-chrome-stable >/dev/null; then exit 0; fi; \
	if ! command -v apt-get >/dev/null; then \
		echo "make: the tests open pages in a browser and none is here: install Chromium, or name one in XLT_BROWSER" >&2; exit 1; fi; \
	if [ "$$(id -u)" = 0 ]; then as=; elif command -v sudo >/dev/null; then as=sudo; else \
		echo "make: the tests need a browser: have an administrator run apt-get install chromium, or name one in XLT_BROWSER" >&2; exit 1; fi; \
	echo "make: installing Debian's package chromium for the tests"; \
	$$as apt-get update -q && $$as env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends chromium \
	|| { echo "make: chromium could not be installed: install a browser yourself, or name one in XLT_BROWSER" >&2; exit 1; }

# Tests wait for Ray, servers and browsers: one worker more than there are processors keeps these busy. Each worker computes in one thread.
# Bytecode is kept, for the tests start some hundred interpreters.
WORKERS ?= $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) + 1)))

test: install browser
	PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder \
		--cov --cov-report=term --cov-fail-under=90

lint: install
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

docs: install
	$(VENV)/bin/python -m docs._generate --check
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --strict --quiet

bench: install
	$(VENV)/bin/python -m pytest tests/benchmarks -o python_files='bench_*.py' -s

clean:
	rm -rf $(VENV) build dist site *.egg-info
