"The same code trains on a CUDA device, in mixed precision; skipped without one."
import pytest, torch

from captcha_ocr.synth.styles import save_captchas
from captcha_ocr.train.run import train_reader

@pytest.mark.skipif(not torch.cuda.is_available(), reason='no CUDA device')
def test_trains_on_cuda(tmp_path):
    "Parity of the export with the trained model is checked on the way."
    save_captchas('kaptcha', 64, tmp_path/'data', seed=0)
    report = train_reader(tmp_path/'data', tmp_path/'run', epochs=2, device='cuda')
    assert (report['n_train'], report['n_valid'], report['evaluated_on']) == (64, 64, '3 folds')
    assert (tmp_path/'run'/'model.onnx').exists()
