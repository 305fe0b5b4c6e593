# `make help` lists the targets. You need only Python 3.11+ and make; `make setup` installs the rest into .venv.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# Variables of the caller's shell that would change results, or make every process compile Python files again.
unexport PYTHONHASHSEED PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONDONTWRITEBYTECODE SPARK_HOME SPARK_REMOTE VIRTUAL_ENV

BIN := .venv/bin
STAMP := .venv/.ready
EXTRAS := --extra airflow --extra spark --extra notebooks --extra dev --extra bench --extra console
COMPILE := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --quiet
STRICT := expectations/contracts models jobs/transforms
TYPED := expectations jobs simulation benchmarks console dags
# The tests run in two turns with separate processes, since the engine keeps 150 MB and more of memory for each small day, and most
# days are in the first turn. Within a turn, files run in the order of tests/order.py. Both turns share fixtures in a folder that is
# removed at the end.
TURN := $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder
SHARED := export STEELYARD_TEST_FOLDER="$$(mktemp -d)"; trap 'rm -rf "$$STEELYARD_TEST_FOLDER"' EXIT
KILLS := tests/crash/kills_at_points.py tests/crash/kills_at_random.py tests/crash/two_at_once.py
DEMO_AIRFLOW := env AIRFLOW_HOME="$(CURDIR)/.demo/airflow" AIRFLOW__CORE__DAGS_FOLDER="$(CURDIR)/dags" AIRFLOW__CORE__LOAD_EXAMPLES=False AIRFLOW__API__HOST=127.0.0.1 \
	STEELYARD_HOME="$(CURDIR)/.demo/home" STEELYARD_SOURCES="$(CURDIR)/.demo/world/sources" PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/airflow

$(STAMP): requirements/lock.txt requirements/setup.txt requirements/setup.sh pyproject.toml
	@requirements/setup.sh
	@touch $@

.PHONY: help
help: ## show this list
	@echo "Steelyard (衡鉴). Targets:"
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | while IFS=$$'\t' read -r name about; do printf '  make %-17s %s\n' "$$name" "$$about"; done

.PHONY: setup
setup: $(STAMP) ## install everything into .venv; runs once, and again when the lock changes
	@echo "ready. Next: make demo, or $(BIN)/steelyard --help"

.PHONY: demo
demo: $(STAMP) ## simulate a city and make its daily risk list with Airflow, from end to end
	@$(BIN)/python -m simulation.airflow_demo

.PHONY: serve
serve: $(STAMP) ## serve the console of the demo on this machine (stop with Ctrl-C); run make demo first
	@STEELYARD_HOME="$(CURDIR)/.demo/home" $(BIN)/steelyard serve

.PHONY: test
test: $(STAMP) ## run the tests, without those of test-slow, test-long, test-crash, test-browser and test-cluster
	@$(SHARED); \
	$(TURN) tests/day tests/jobs/lake tests/replay tests/jobs/transforms; \
	$(TURN) tests --ignore=tests/day --ignore=tests/jobs/lake --ignore=tests/replay --ignore=tests/jobs/transforms
	@echo "the tests pass. Next: make lint"

.PHONY: test-slow
test-slow: $(STAMP) ## run the slow tests of rare situations; some minutes
	@$(TURN) -m slow
	@echo "the slow tests pass. Next: make lint"

.PHONY: test-fuzz
test-fuzz: $(STAMP) ## read and map 10,000 mutated deliveries, and take in 500 (SEED=1: others than those of make test); ten minutes
	@STEELYARD_FUZZ_SEED=$(or $(SEED),34) STEELYARD_FUZZ_READ=10000 STEELYARD_FUZZ_TAKE_IN=500 $(BIN)/pytest -rP tests/fuzz
	@echo "no record is lost, and nothing stops the sound deliveries. Next: make lint"

.PHONY: test-crash
test-crash: $(STAMP) ## kill steps at every write and runs at random; the next run must give the same result (QUICK=1: in minutes)
	@$(BIN)/pytest --dist loadgroup $(if $(QUICK),-n 2 --quick,-n 3 --no-loadscope-reorder) $(KILLS)
	@echo "every killed command gives the same result when run again. Next: make lint"

.PHONY: test-long
test-long: $(STAMP) ## run the tests that take minutes each
	@$(BIN)/pytest -m long

.PHONY: test-browser
test-browser: $(STAMP) ## test the console in a real browser; as root, installs Debian's Chromium
	@requirements/browser.sh
	@$(BIN)/pytest -m browser tests/console
	@echo "the console works in a browser. Next: make lint"

.PHONY: pictures
pictures: $(STAMP) ## take the pictures of the console for the documentation
	@requirements/browser.sh
	@STEELYARD_PICTURES=docs/pictures $(BIN)/pytest -m browser tests/console/test_journeys.py
	@echo "written: docs/pictures/*.webp. Next: look at them, then git diff --stat docs"

.PHONY: bench-console
bench-console: $(STAMP) ## measure the console at a million entities with 40 users on both databases; half an hour, 10 GB of disk
	@$(BIN)/python -m benchmarks.console --database sqlite --users 40
	@$(BIN)/python -m benchmarks.console --database postgresql --users 40
	@$(BIN)/python -m benchmarks.page
	@echo "written: docs/reference/benchmarks.md. Next: git diff docs/reference"

.PHONY: test-cluster
test-cluster: $(STAMP) ## compare a Spark cluster on this machine with Sail; needs Java
	@requirements/cluster.sh
	@$(BIN)/pytest -n 2 --dist loadgroup -m cluster tests/cluster
	@echo "Spark and Sail agree. Next: $(if $(STEELYARD_CLUSTER_ENTITIES),make lint,make test-cluster-full, for 100,000 entities)"

.PHONY: test-cluster-full
test-cluster-full: ## run test-cluster with 100,000 entities
	@STEELYARD_CLUSTER_ENTITIES=100000 $(MAKE) test-cluster

.PHONY: lint
lint: $(STAMP) ## check style, types, the direction of imports, sizes of packages and files, circles, and plain English
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy --strict $(STRICT)
	@$(BIN)/mypy $(TYPED)
	@$(BIN)/lint-imports
	@$(BIN)/python -m tests.project.measure_code --check
	@$(BIN)/python -m tests.project.find_circles --check
	@$(BIN)/python -m tests.project.check_language
	@echo "style, types and imports are correct. Next: make test, or commit"

.PHONY: format
format: $(STAMP) ## format the code
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format .

.PHONY: bench
bench: $(STAMP) ## measure Steelyard against hand-written DuckDB at 20,000 and 60,000 entities; some minutes
	@$(BIN)/python -m benchmarks.run small
	@$(BIN)/python -m benchmarks.page
	@echo "written: docs/reference/benchmarks.md. Next: git diff docs/reference"

.PHONY: bench-full
bench-full: $(STAMP) ## run bench at 200,000, 1 and 5 million entities, each with a whole day; many hours, 200 GB of disk, 20 GB of memory
	@$(BIN)/python -m benchmarks.run full
	@$(BIN)/python -m benchmarks.page
	@echo "written: docs/reference/benchmarks.md. Next: git diff docs/reference"

.PHONY: bench-stress
bench-stress: $(STAMP) ## measure list, classes and intervals on ten simulated worlds under stress; about four hours, 5 GB of disk
	@$(BIN)/python -m benchmarks.stress --out build/stress
	@echo "written: docs/reference/stress.md. Next: git diff docs/reference"

.PHONY: docs
docs: $(STAMP) ## write the pages and figures of docs/ that are generated from contracts and code
	@$(BIN)/python -m jobs.documents docs
	@echo "written: docs/reference, docs/explanation/figures. Next: git diff docs"

.PHONY: docs-site
docs-site: $(STAMP) ## the documentation as a site in build/docs; a warning is an error, nothing is fetched
	@$(BIN)/sphinx-build -E -W --keep-going -q -b html -d build/doctrees docs build/docs
	@echo "written: build/docs. Next: open build/docs/index.html"

.PHONY: notebooks
notebooks: $(STAMP) ## run all notebooks on the demo's home into build/notebooks
	@$(BIN)/python -m jobs.analysis.execute_notebook build/notebooks notebooks/*.py
	@echo "written: build/notebooks/*.ipynb. Next: open them"

.PHONY: airflow
airflow: $(STAMP) ## start Airflow with the DAGs on the demo's folder (stop with Ctrl-C)
	@mkdir -p .demo/airflow .demo/home .demo/world/sources
	@$(DEMO_AIRFLOW) db migrate >.demo/airflow.log 2>&1 || { tail -n 5 .demo/airflow.log; exit 1; }
	@$(DEMO_AIRFLOW) pools set lake_writes 1 "one writer of the lake at a time" >>.demo/airflow.log 2>&1
	@echo "Airflow's page will be at http://localhost:8080; the user and password are printed below"
	@$(DEMO_AIRFLOW) standalone

.PHONY: lock
lock: $(STAMP) ## resolve the dependencies again into requirements/*.txt
	@$(COMPILE) --upgrade pyproject.toml $(EXTRAS) --output-file requirements/lock.txt
	@$(COMPILE) --upgrade requirements/setup.in --output-file requirements/setup.txt
	@$(COMPILE) --upgrade requirements/audit.in --output-file requirements/audit.txt
	@echo "written: requirements/lock.txt, setup.txt and audit.txt. Next: make test"

.venv/audit: $(STAMP) requirements/audit.txt
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv/audit
	@$(BIN)/uv pip sync --quiet --python .venv/audit/bin/python --require-hashes requirements/audit.txt
	@touch .venv/audit

.PHONY: sbom
sbom: .venv/audit ## list the packages of the lock in dist/ as an SBOM in CycloneDX, for a release
	@mkdir -p dist
	@.venv/audit/bin/cyclonedx-py requirements requirements/lock.txt --pyproject pyproject.toml --mc-type application --output-reproducible --output-file dist/steelyard-$$($(BIN)/python -c 'from importlib.metadata import version; print(version("steelyard"))').cdx.json
	@echo "written: $$(ls dist/*.cdx.json). Next: publish it with the release"

.PHONY: audit
audit: .venv/audit ## look up the packages of the lock in the database of known vulnerabilities; needs the network
	@requirements/audit.sh

.PHONY: clean
clean: ## remove the output of runs and tests; keeps .venv
	@rm -rf build dist .demo .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info
	@find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +
	@echo "clean. Next: make demo"

.PHONY: clean-all
clean-all: clean ## remove .venv too
	@rm -rf .venv
