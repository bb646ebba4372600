"`captcha-ocr train` under a launcher: two processes train one network over gloo; the first one prints and writes."
import json, subprocess, sys

from captcha_ocr.synth.styles import save_captchas

OPTIONS = '--epochs 1 --from base --device cpu --json'.split()
LAUNCHER = [sys.executable, '-m', 'torch.distributed.run', '--nproc-per-node', '2', '--no-python']
FILES = {'model.safetensors', 'model.onnx', 'report.json', 'report.html'}

def train(folder, out, launcher=()):
    cmd = [*launcher, 'captcha-ocr', 'train', folder/'data', '--out', folder/out, '--unlabelled', folder/'more', *OPTIONS]
    return subprocess.run(cmd, capture_output=True, text=True)

def test_train_under_torchrun(tmp_path):
    "Unlabelled images are included, so that all processes must use the pseudo-labels of the first."
    save_captchas('kaptcha', 40, tmp_path/'data', seed=0)
    save_captchas('kaptcha', 20, tmp_path/'more', seed=1)
    one, two = train(tmp_path, 'one'), train(tmp_path, 'two', LAUNCHER)
    assert one.returncode == two.returncode == 0, two.stderr
    one, two = json.loads(one.stdout), json.loads(two.stdout)       # one line of JSON, not two
    assert {o.name for o in (tmp_path/'two').iterdir()} == FILES
    for k in ('n_train','n_valid','epochs'): assert one[k] == two[k]
    losses = [o['history'][0]['train_loss'] for o in (one, two)]
    assert abs(losses[0]-losses[1]) < .05*losses[0]
