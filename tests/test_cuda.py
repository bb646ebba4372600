"On a CUDA device the same code uses it, in mixed precision; skipped where there is none."
import pytest, torch

from captcha_ocr.synth.styles import save_captchas
from captcha_ocr.train.run import train_reader

@pytest.mark.skipif(not torch.cuda.is_available(), reason='no CUDA device')
def test_trains_on_cuda(tmp_path):
    save_captchas('kaptcha', 64, tmp_path/'data', seed=0)
    report = train_reader(tmp_path/'data', tmp_path/'run', epochs=2, device='cuda')   # export is gated on parity
    assert report['n_valid'] == 6 and (tmp_path/'run'/'model.onnx').exists()
