# Two commands are all a newcomer needs: `make demo` and `make test`. Either may come first.
PYTHON ?= python3.11
UV_VERSION := 0.13.9
BOOT := .cache/uv-$(UV_VERSION)
UV := $(BOOT)/bin/uv
RUN := .venv/bin
DEMO_ARGS ?=
# 0: one after the other; a test process takes up to 4 GB.
TEST_PROCESSES ?= 2
PYTEST_ARGS ?=

export UV_PROJECT_ENVIRONMENT := .venv
export UV_PYTHON_DOWNLOADS := never

.PHONY: help demo check test test-fast bench setup lock clean

help: ## what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: setup ## recalculate a demonstration province end to end (DEMO_ARGS="--cases 1000000")
	$(RUN)/dianshu demo $(DEMO_ARGS)

check: setup ## style, types, dependency rule
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy
	$(RUN)/lint-imports

test: setup ## every test
	$(RUN)/pytest -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

test-fast: setup ## tests without Spark, in seconds
	$(RUN)/pytest -m "not spark and not slow" $(PYTEST_ARGS)

bench: setup ## speed and memory of each step at 1 and 4 million cases (long)
	$(RUN)/python -m tests.bench.main --out docs/benchmarks.md

setup: .cache/ready ## environment from the lock file, Delta's jars

.cache/ready: pyproject.toml uv.lock $(UV)
	$(UV) sync --frozen --quiet --python $(PYTHON)
	$(RUN)/python -m lake.prepare
	@touch $@

$(UV):
	@command -v $(PYTHON) >/dev/null || { echo "dianshu: $(PYTHON) was not found; install Python 3.11 (Debian: apt-get install python3.11 python3.11-venv) or call make PYTHON=/path/to/python3.11" >&2; exit 7; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "dianshu: $(PYTHON) is not Python 3.11; call make PYTHON=/path/to/python3.11" >&2; exit 7; }
	@mkdir -p .cache
	@$(PYTHON) -m venv $(BOOT) || { echo "dianshu: python3.11 has no venv module; install it (Debian: apt-get install python3.11-venv)" >&2; exit 7; }
	@$(BOOT)/bin/pip install --quiet uv==$(UV_VERSION) || { echo "dianshu: uv could not be installed from PyPI (no network?); behind a closed network point pip at your mirror (PIP_INDEX_URL) and try again" >&2; rm -rf $(BOOT); exit 7; }

lock: $(UV) ## write the lock file anew
	$(UV) lock

clean: ## remove the environment, caches and the demonstration lake
	rm -rf .venv .cache build dist *.egg-info lakes
