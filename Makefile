# make demo   install, then run the miniature search and print its answer
# make test   install, then run the tests
PYTHON ?= python3.11
VENV := .venv
INSTALLED := $(VENV)/.installed
HOME_DIR ?= xlt-home

.PHONY: install demo test lint bench clean

install: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	touch $@

demo: install
	$(VENV)/bin/xlt --home $(HOME_DIR) launch configs/miniature.yaml

test: install
	$(VENV)/bin/python -m pytest --cov --cov-report=term --cov-fail-under=90

lint: install
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

bench: install
	$(VENV)/bin/python -m pytest tests/benchmarks -o python_files='bench_*.py' -s

clean:
	rm -rf $(VENV) build dist *.egg-info
