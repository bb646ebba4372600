#!/bin/sh
# Installs the service into a virtual environment: the reading dependencies of deploy/requirements.txt by hash, without torch.
#     deploy/install.sh DIR        # then: DIR/bin/captcha-ocr serve
# The Dockerfile runs this script too, so testing it tests the image.
set -eu
into=${1:?usage: deploy/install.sh DIR}
from=$(cd "$(dirname "$0")/.." && pwd)
"${PYTHON:-python3}" -m venv "$into"
pip() { "$into/bin/python" -m pip "$@" --quiet --disable-pip-version-check; }
pip install --no-cache-dir --require-hashes -r "$from/deploy/requirements.txt"
pip install --no-cache-dir --no-deps --no-build-isolation "$from"
pip uninstall --yes setuptools
cd /    # away from the sources, so that only the installed package is imported
"$into/bin/python" - <<'PY'
import importlib.util as found
from captcha_ocr.serve.app import create_app
heavy = [o for o in ('torch', 'fastai', 'cv2', 'matplotlib') if found.find_spec(o)]
assert not heavy, f'{heavy} should not be here'
client = create_app().test_client()
for path in ('/', '/api', '/healthz', '/api/openapi.json', '/static/app.js'): assert client.get(path).status_code == 200, path
PY
echo "$into/bin/captcha-ocr serve"
