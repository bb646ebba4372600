"`captcha-ocr train` under a launcher: two processes train one network over gloo, and the first one speaks and writes."
import json, subprocess, sys

from captcha_ocr.synth.styles import save_captchas

def test_train_under_torchrun(tmp_path):
    "With unlabelled images too, so that what one process decides the other must hear"
    save_captchas('kaptcha', 40, tmp_path/'data', seed=0); save_captchas('kaptcha', 20, tmp_path/'more', seed=1)
    def train(out, *launcher):
        cmd = [*launcher, 'captcha-ocr', 'train', tmp_path/'data', '--out', tmp_path/out, '--epochs', '1', '--no-mix', '--unlabelled', tmp_path/'more', '--device', 'cpu', '--json']
        return subprocess.run(cmd, capture_output=True, text=True)
    one, two = train('one'), train('two', sys.executable, '-m', 'torch.distributed.run', '--nproc-per-node', '2', '--no-python')
    assert one.returncode == two.returncode == 0, two.stderr
    one, two = json.loads(one.stdout), json.loads(two.stdout)       # one line of JSON, not two
    assert {o.name for o in (tmp_path/'two').iterdir()} == {'model.safetensors', 'model.onnx', 'report.json', 'report.html'}
    assert [one[k] for k in ('n_train','n_valid','epochs')] == [two[k] for k in ('n_train','n_valid','epochs')]
    assert abs(one['history'][0]['train_loss'] - two['history'][0]['train_loss']) < .05*one['history'][0]['train_loss']
