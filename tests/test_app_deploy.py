"What stands in deploy/: the steps of the image in a clean environment, the unit, the Space."
import os, re, runpy, shutil, subprocess, sys, types
from configparser import ConfigParser

import pytest
from PIL import Image

from project import ROOT

DEPLOY = ROOT/'deploy'

@pytest.mark.skipif('CAPTCHA_OCR_SLOW' not in os.environ, reason='takes a minute and the package index: CAPTCHA_OCR_SLOW=1')
def test_install(tmp_path):
    "Into a clean environment, with nothing of ours on the path"
    env = {k: v for k,v in os.environ.items() if k != 'PYTHONPATH'}
    res = subprocess.run([DEPLOY/'install.sh', tmp_path/'app'], env={**env, 'PYTHON': sys.executable}, capture_output=True, text=True)
    assert res.returncode == 0, res.stderr
    assert 'own or may test' in subprocess.run([tmp_path/'app'/'bin'/'captcha-ocr', 'serve', '--help'], env={**env, 'COLUMNS': '300'}, cwd=tmp_path, capture_output=True, text=True).stdout

def test_dockerfile_keeps_to_the_script():
    "Nothing is installed but by the script that is tested; it does not run as root"
    text = (DEPLOY/'Dockerfile').read_text()
    assert 'deploy/install.sh' in text and 'pip' not in text and 'torch' not in text
    lines = [o for o in text.splitlines() if re.match('[A-Z]+ ', o)]
    assert lines[-1].startswith('ENTRYPOINT') and any(o == 'USER captcha-ocr' for o in lines)
    assert all((ROOT/o).exists() for o in ('deploy/install.sh', 'constraints.txt', 'LICENSE'))
    subprocess.run(['sh', '-n', DEPLOY/'install.sh'], check=True)

def test_unit():
    unit = ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read(DEPLOY/'captcha-ocr.service')
    words = unit['Service']['ExecStart'].split()
    res = subprocess.run([sys.executable, '-c', 'from captcha_ocr.cli import main; main()', *words[1:], '--help'], capture_output=True, text=True)
    assert words[1] == 'serve' and res.returncode == 0, res.stderr
    if shutil.which('systemd-analyze'): assert 'Unknown' not in subprocess.run(['systemd-analyze', 'verify', DEPLOY/'captcha-ocr.service'], capture_output=True, text=True).stderr

def test_space(monkeypatch):
    "The wrapper with a stand-in for gradio, which is not installed here"
    class Error(Exception): pass
    made = {}
    stub = types.SimpleNamespace(Error=Error, Interface=lambda *a, **k: made.update(fn=a[0], n_in=len(a[1]), n_out=len(a[2])), **{o: lambda **k: k for o in ('Image','Textbox','Label')})
    monkeypatch.setitem(sys.modules, 'gradio', stub)
    runpy.run_path(str(DEPLOY/'space'/'app.py'))
    from captcha_ocr.synth.styles import generate
    im, text = next(generate('kaptcha', 1, seed=0))
    said, sure, strange = made['fn'](Image.fromarray(im), '5')
    assert said == text and len(sure) == 5 and sum(sure.values()) <= 1.0001 and (made['n_in'], made['n_out']) == (2,3) and strange == ''
    for wrong in [(None, ''), (Image.new('RGB', (1,90)), ''), (Image.fromarray(im), 'five')]:
        with pytest.raises(Error): made['fn'](*wrong)
