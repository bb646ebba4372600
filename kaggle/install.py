import hashlib, importlib, subprocess, sys
from importlib.util import find_spec
from pathlib import Path
# %%
# Installs captcha_ocr where it is missing. The same cell is in every notebook:
# scripts/install_cell.py writes it.
RELEASE = None      # address and SHA-256 of the released wheel; None before a release
SUMS_DIGEST = None  # SHA-256 of the data set's SHA256SUMS, set by `make kaggle-push`
# Packages that it needs and that Kaggle or Colab lacks
MISSING = ''

class InstallError(Exception):
    "Shown as one sentence, without a traceback"
    def _render_traceback_(self): return [str(self)]

def sha256(file): return hashlib.sha256(file.read_bytes()).hexdigest()

def check_wheels(folder):
    "Compare all wheels in `folder` with its SHA256SUMS, and that file with `SUMS_DIGEST`"
    sums = folder/'SHA256SUMS'
    advice = 'Attach the data set of `make kaggle-push`, or push it again.'
    if not sums.is_file(): raise InstallError(f'{folder}: SHA256SUMS is missing. {advice}')
    if SUMS_DIGEST not in (None, sha256(sums)):
        raise InstallError(f'{sums}: this notebook was pushed with another data set. {advice}')
    expected = {name: digest for digest, name in map(str.split, sums.read_text().splitlines())}
    for o in folder.glob('*.whl'):
        if expected.get(o.name) != sha256(o):
            raise InstallError(f'{o}: the SHA-256 differs from SHA256SUMS. {advice}')

def pip_install(*args):
    "Install `args` and what is missing; packages that are installed keep their versions"
    needed = [o for o in MISSING.split() if not find_spec(o.split('<')[0].replace('-', '_'))]
    pip = [sys.executable, '-m', 'pip', 'install', '-q', '--no-deps', '--no-input']
    res = subprocess.run([*pip, *args, *needed], capture_output=True, text=True)
    if res.returncode:
        errors = [o for o in res.stderr.splitlines() if o.startswith('ERROR: ')]
        raise InstallError(f'captcha_ocr could not be installed. {(errors or ["pip failed."])[-1]}')
    importlib.invalidate_caches()

def install():
    "From an attached data set; else keep what can be imported; else from the release"
    mounts = '/kaggle/input/*', '/kaggle/input/datasets/*/*'
    wheels = [o for m in mounts for o in Path('/').glob(f'{m[1:]}/captcha_ocr_fastai-*.whl')]
    checkout = [o for o in Path.cwd().parents if (o/'captcha_ocr'/'__init__.py').is_file()]
    if len(wheels) > 1:
        raise InstallError(f'{wheels[0]}, {wheels[1]}: two wheels. Detach one of the data sets.')
    if wheels:
        check_wheels(wheels[0].parent)
        pip_install('--no-index', '--find-links', str(wheels[0].parent), str(wheels[0]))
    elif find_spec('captcha_ocr'): return
    elif checkout: sys.path.insert(0, str(checkout[0]))
    elif RELEASE: pip_install('--timeout', '20', '--retries', '1', RELEASE)
    else:
        raise InstallError('captcha_ocr is neither installed nor released yet. In a checkout, run '
                           '`make kaggle-push OWNER=your-kaggle-name` or open this notebook.')
    if not find_spec('captcha_ocr'):
        raise InstallError('captcha_ocr was installed but cannot be imported. Restart the kernel.')

install();
