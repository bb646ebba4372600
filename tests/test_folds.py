"Cross-validation on two devices gives the results of one."
import numpy as np
from rich.console import Console

from captcha_ocr.charset import Charset
from captcha_ocr.data.split import assign_folds
from captcha_ocr.lab.crossval import read_folds
from captcha_ocr.data.labels import Sample
from captcha_ocr.synth.styles import save_captchas

def test_two_devices(tmp_path):
    "Two processes on the CPU give the same bits as one process"
    samples = [Sample(f, f.stem) for f in save_captchas('kaptcha', 30, tmp_path/'synthetic', seed=0)]
    charset, fold = Charset.from_texts(s.text for s in samples), assign_folds(samples, 3)
    options = dict(seed=0, epochs=1, augment='default', device='cpu', pretrained=None, mix=False)
    def read(out, **kwargs): return read_folds(samples, fold, tmp_path/out, charset, console=Console(quiet=True), **options, **kwargs)
    one, two = read('one'), read('two', devices=['cpu','cpu'])
    assert all(np.array_equal(a, b) for a,b in zip(one[0], two[0])) and one[1] == two[1]
    assert len({a.tobytes() for a in two[0]}) == len(samples) and [o['n'] for o in two[2]] == [10,10,10]
