# `make demo` and `make test` work as the first command: they need Python >= 3.10, make and git, and set up the rest.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
UV_COMPILE := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.10 --no-python-downloads \
              --no-annotate --no-emit-index-url --custom-compile-command 'make constraints' --quiet

.PHONY: help demo test bench bench-train bench-app bench-styles compare tutorials outputs docs docs-test kaggle-test kaggle-push kaggle-wheels venv constraints readme clean
.DEFAULT_GOAL := help

help:          ## print this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## */\1\t/' | expand -t 15

demo: venv     ## generate 1,000 captchas, train on them, print the report, read a new image
	rm -rf demo
	$(BIN)/captcha-ocr synth kaptcha --count 1000 --out demo/data --seed 0
	$(BIN)/captcha-ocr train demo/data --out demo/run
	$(BIN)/captcha-ocr synth kaptcha --count 1 --out demo/fresh --seed 1
	$(BIN)/captcha-ocr read demo/fresh --model demo/run/model.onnx

test: venv     ## every check that CI runs
	$(BIN)/python scripts/check.py

bench: venv    ## the benchmarks, beside ddddocr
	@$(BIN)/python -m pip install -qq --no-deps ddddocr==1.6.1 || echo 'ddddocr could not be installed: no comparison'
	$(BIN)/python scripts/bench.py

bench-train: venv ## seconds to 99%, beside the network of the Keras example; CAPTCHA_OCR_DATA names the images
	$(BIN)/python scripts/bench_train.py

bench-app: venv ## the web app under load, beside reading a folder
	@$(BIN)/python scripts/bench_app.py

bench-styles: venv ## the table of readers on foreign styles; CAPTCHA_OCR_STYLES names images to measure what is missing
	@$(BIN)/python scripts/bench_styles.py

compare: venv  ## fill the table of tutorial 9, resumable; CAPTCHA_OCR_DATA names the images
	$(BIN)/python scripts/compare.py

tutorials: venv ## run the tutorials and store what they show; CAPTCHA_OCR_DATA names the images
	$(BIN)/python scripts/tutorials.py

outputs: venv  ## run the library's notebooks anew and name outputs that differ from those stored
	@$(BIN)/python scripts/outputs.py

kaggle-test: venv ## run the Kaggle notebook as Kaggle would: quick in both layouts of its data, then in full
	@$(BIN)/python scripts/kaggle_test.py --full

kaggle-push: venv ## push notebook and wheels to Kaggle, which runs it: make kaggle-push OWNER=your-kaggle-name [DRY_RUN=1]
	@test -n '$(OWNER)' || { echo 'OWNER is missing: make kaggle-push OWNER=your-kaggle-name'; exit 2; }
	@test -n '$(DRY_RUN)' || $(BIN)/python -m pip install -qq kaggle
	@$(BIN)/python scripts/kaggle_push.py $(OWNER) $(if $(DRY_RUN),--dry-run)

kaggle-wheels: venv ## the data set that the Kaggle notebook installs from, in build/kaggle/wheels: OWNER=your-kaggle-name
	@$(BIN)/python scripts/kaggle_wheels.py $(OWNER)

readme: venv   ## write README.md and README_files from nbs/index.ipynb
	$(BIN)/python scripts/readme.py

docs: venv     ## render the site into _docs and check it; needs Python 3.11, not quarto
	$(BIN)/python scripts/docs.py
	@echo 'to read it: $(BIN)/python -m http.server -d _docs, then open http://localhost:8000'

docs-test: docs ## walk the site in Chromium: search, signatures, links, phone width, contrast
	CAPTCHA_OCR_SITE=_docs $(BIN)/python -m pytest -q -p no:cacheprovider tests/test_site.py

venv: $(STAMP) ## make .venv with everything in it, unless it is there

# pip prints errors only (-qq) and the download takes minutes, so print what is happening.
$(STAMP): settings.ini constraints.txt setup.py
	@test -x $(BIN)/pip || { $(PYTHON) -c 'import sys; sys.version_info >= (3,10) or sys.exit("Python 3.10 or newer is needed: make PYTHON=python3.12 ...")' \
	  && echo 'making $(VENV)' && $(PYTHON) -m venv $(VENV); }
	@echo 'installing what constraints.txt names into $(VENV): a few minutes the first time'
	@$(BIN)/python -m pip install -qq -e '.[dev]' -c constraints.txt
	@touch $(STAMP)

# Versions that constraints.txt has already are kept where they still fit; UPGRADE=--upgrade moves all to the newest.
constraints:   ## resolve constraints.txt and deploy/requirements.txt anew from settings.ini
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install -qq uv
	$(UV_COMPILE) --all-extras $(UPGRADE) --output-file constraints.txt
	$(UV_COMPILE) deploy/build.in --constraint constraints.txt --generate-hashes --output-file deploy/requirements.txt

clean:         ## remove what was built, but .venv
	rm -rf demo _proc _docs build dist *.egg-info .pytest_cache .hypothesis
	find captcha_ocr nbs scripts tests -name __pycache__ -o -name .ipynb_checkpoints | xargs rm -rf
