# `make help` lists what can be made. Nothing but Python 3.11+ and make is needed; `make setup` brings the rest into .venv.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# Settings of the caller's shell that would make a run differ from another's, or every process compile what is compiled.
unexport PYTHONHASHSEED PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONDONTWRITEBYTECODE SPARK_HOME SPARK_REMOTE VIRTUAL_ENV

BIN := .venv/bin
STAMP := .venv/.ready
EXTRAS := --extra airflow --extra spark --extra notebooks --extra dev --extra bench --extra console
COMPILE := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --quiet
STRICT := expectations/contracts models jobs/transforms
TYPED := expectations jobs simulation benchmarks console dags
# The tests go in two turns, each in processes of its own: the engine lives in the test's process and keeps memory, 150 MB and more
# of each small day, and the first turn makes most of those. Within a turn files are given out in the order of tests/order.py; what
# one turn made the next one reads, in a folder that goes at the end.
TURN := $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder
SHARED := export STEELYARD_TEST_FOLDER="$$(mktemp -d)"; trap 'rm -rf "$$STEELYARD_TEST_FOLDER"' EXIT
KILLS := tests/crash/kills_at_points.py tests/crash/kills_at_random.py tests/crash/two_at_once.py
DEMO_AIRFLOW := env AIRFLOW_HOME="$(CURDIR)/.demo/airflow" AIRFLOW__CORE__DAGS_FOLDER="$(CURDIR)/dags" AIRFLOW__CORE__LOAD_EXAMPLES=False AIRFLOW__API__HOST=127.0.0.1 \
	STEELYARD_HOME="$(CURDIR)/.demo/home" STEELYARD_SOURCES="$(CURDIR)/.demo/world/sources" PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/airflow

$(STAMP): requirements/lock.txt requirements/setup.txt requirements/setup.sh pyproject.toml
	@requirements/setup.sh
	@touch $@

.PHONY: help
help: ## this list
	@echo "Steelyard (衡鉴). What can be made:"
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | while IFS=$$'\t' read -r name about; do printf '  make %-17s %s\n' "$$name" "$$about"; done

.PHONY: setup
setup: $(STAMP) ## .venv with all that is needed; done once, and again when the lock changes
	@echo "ready. Next: make demo, or $(BIN)/steelyard --help"

.PHONY: demo
demo: $(STAMP) ## an invented city, and its daily risk list made by Airflow from end to end
	@$(BIN)/python -m simulation.airflow_demo

.PHONY: serve
serve: $(STAMP) ## the console over the demo's home, for this machine alone (stop with Ctrl-C); make demo first
	@STEELYARD_HOME="$(CURDIR)/.demo/home" $(BIN)/steelyard serve

.PHONY: test
test: $(STAMP) ## the tests, but for those that make test-slow, test-long, test-crash and test-cluster run
	@$(SHARED); \
	$(TURN) tests/day tests/lake tests/replay tests/features; \
	$(TURN) tests --ignore=tests/day --ignore=tests/lake --ignore=tests/replay --ignore=tests/features
	@echo "the tests pass. Next: make lint"

.PHONY: test-slow
test-slow: $(STAMP) ## the tests of rare situations that take long, some minutes
	@$(TURN) -m slow
	@echo "the slow tests pass too. Next: make lint"

.PHONY: test-crash
test-crash: $(STAMP) ## kill a run's steps at every write, and runs at random moments; the next must leave what an undisturbed one does (QUICK=1: in minutes)
	@$(BIN)/pytest --dist loadgroup $(if $(QUICK),-n 2 --quick,-n 3 --no-loadscope-reorder) $(KILLS)
	@echo "killed and given again, every command left what it leaves undisturbed"

.PHONY: test-long
test-long: $(STAMP) ## the tests that take minutes each
	@$(BIN)/pytest -m long

.PHONY: test-browser
test-browser: $(STAMP) ## the console in a real browser; it fetches Debian's Chromium where you are root
	@requirements/browser.sh
	@$(BIN)/pytest -m browser tests/console
	@echo "the console holds in a browser. Next: make lint"

.PHONY: pictures
pictures: $(STAMP) ## take the pictures of docs/console.md anew
	@requirements/browser.sh
	@STEELYARD_PICTURES=docs/console $(BIN)/pytest -m browser tests/console/test_journeys.py
	@echo "written: docs/console/*.webp. Next: look at them, then git diff --stat docs"

.PHONY: bench-console
bench-console: $(STAMP) ## the console at a million entities on both databases, and 40 people at once; half an hour, 10 GB of disk
	@$(BIN)/python -m benchmarks.console --database sqlite --users 40
	@$(BIN)/python -m benchmarks.console --database postgresql --users 40
	@$(BIN)/python -m benchmarks.page
	@echo "written: docs/benchmarks.md. Next: git diff docs/benchmarks.md"

.PHONY: test-cluster
test-cluster: $(STAMP) ## the tests on a Spark cluster of this machine, against Sail; needs Java
	@requirements/cluster.sh
	@$(BIN)/pytest -n 2 --dist loadgroup -m cluster tests/cluster
	@echo "Spark and Sail agree. Next: $(if $(STEELYARD_CLUSTER_ENTITIES),make lint,make test-cluster-full, for 100,000 entities)"

.PHONY: test-cluster-full
test-cluster-full: ## as test-cluster, with 100,000 entities
	@STEELYARD_CLUSTER_ENTITIES=100000 $(MAKE) test-cluster

.PHONY: lint
lint: $(STAMP) ## style, types and the direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy --strict $(STRICT)
	@$(BIN)/mypy $(TYPED)
	@$(BIN)/lint-imports
	@echo "style, types and imports are sound. Next: make test, or commit"

.PHONY: structure
structure: $(STAMP) ## sizes of packages and files, circles of imports, and words that plain English does without
	@failed=0; \
	$(BIN)/python -m tests.project.measure_code --check || failed=1; \
	$(BIN)/python -m tests.project.find_circles --check || failed=1; \
	$(BIN)/python -m tests.project.check_language --counts || failed=1; \
	exit $$failed

.PHONY: format
format: $(STAMP) ## put the code into the one layout
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format .

.PHONY: bench
bench: $(STAMP) ## Steelyard against hand-written DuckDB and Polars, at 20,000 and 60,000 entities; some minutes
	@$(BIN)/python -m benchmarks.run small
	@$(BIN)/python -m benchmarks.page
	@echo "written: docs/benchmarks.md. Next: git diff docs/benchmarks.md"

.PHONY: bench-full
bench-full: $(STAMP) ## the same at 200,000, 1 and 5 million, a whole day at each; many hours, 200 GB of disk and 20 GB of memory
	@$(BIN)/python -m benchmarks.run full
	@$(BIN)/python -m benchmarks.page
	@echo "written: docs/benchmarks.md. Next: git diff docs/benchmarks.md"

.PHONY: docs
docs: $(STAMP) ## write again the pages that are made from the contracts
	@$(BIN)/python -m jobs.documents.contract_pages docs/data-dictionary.md
	@$(BIN)/python -c "from pathlib import Path; from jobs.documents.contract_pages import render_indicator_docs as page; Path('docs/indicators.md').write_text(page(), encoding='utf-8')"
	@$(BIN)/python -m jobs.documents.engine_functions docs/engines.md
	@echo "written: docs/data-dictionary.md, docs/indicators.md, docs/engines.md. Next: git diff docs"

.PHONY: notebooks
notebooks: $(STAMP) ## run every notebook over the demo's home; the results are in build/notebooks
	@$(BIN)/python -m jobs.analysis.execute_notebook build/notebooks notebooks/*.py
	@echo "the notebooks ran; open build/notebooks/*.ipynb"

.PHONY: airflow
airflow: $(STAMP) ## Airflow with our DAGs over the demo's folder, to look at (stop with Ctrl-C)
	@mkdir -p .demo/airflow .demo/home .demo/world/sources
	@$(DEMO_AIRFLOW) db migrate >.demo/airflow.log 2>&1 || { tail -n 5 .demo/airflow.log; exit 1; }
	@$(DEMO_AIRFLOW) pools set lake_writes 1 "one writer of the lake at a time" >>.demo/airflow.log 2>&1
	@echo "Airflow's page will be at http://localhost:8080; it prints its own user and password below"
	@$(DEMO_AIRFLOW) standalone

.PHONY: lock
lock: $(STAMP) ## resolve the dependencies anew into requirements/*.txt
	@$(COMPILE) --upgrade pyproject.toml $(EXTRAS) --output-file requirements/lock.txt
	@$(COMPILE) --upgrade requirements/setup.in --output-file requirements/setup.txt
	@echo "written: requirements/lock.txt, requirements/setup.txt. Next: make test"

.PHONY: clean
clean: ## take away what runs and tests left, but keep .venv (make clean-all takes that too)
	@rm -rf build dist .demo .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info
	@find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +
	@echo "clean. Next: make demo"

.PHONY: clean-all
clean-all: clean ## take away .venv too
	@rm -rf .venv
