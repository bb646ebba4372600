"Reading needs no torch: neither the reader nor the command line imports what only training needs."
import subprocess, sys

import pytest

HEAVY = 'torch fastai fastcore albumentations cv2 matplotlib sklearn scipy pandas'.split()
CODE = """
import sys, {mod}
print(*[o for o in {heavy} if o in sys.modules])"""

@pytest.mark.parametrize('mod', ['captcha_ocr', 'captcha_ocr.charset', 'captcha_ocr.reader', 'captcha_ocr.cli', 'captcha_ocr.serve.server',
                                 'captcha_ocr.label.page', 'captcha_ocr.label.collect', 'captcha_ocr.label.formats', 'captcha_ocr.web.guard'])
def test_no_heavy_import(mod, tmp_path):
    res = subprocess.run([sys.executable, '-c', CODE.format(mod=mod, heavy=HEAVY)], cwd=tmp_path, capture_output=True, text=True)
    assert res.returncode == 0, res.stderr
    assert res.stdout.split() == []
