"scripts/pretrain.py: a stopped training resumes at the very batch, alone and with several processes."
import json, subprocess, sys
from pathlib import Path

import pytest
from safetensors.numpy import load_file

SCRIPTS = Path(__file__).parents[1]/'scripts'
TINY = json.dumps(dict(channels=[4,4,4,4], blocks=[], features=8, hidden=8))

def pretrain(state, images, processes):
    cmd = [sys.executable, SCRIPTS/'pretrain.py', '--state', state, '--images', images, '--processes', processes, '--threads', 1,
           '--bs', 16, '--valid', 16, '--network', TINY]
    res = subprocess.run([str(o) for o in cmd], cwd=SCRIPTS, capture_output=True, text=True, timeout=600)
    assert not res.returncode, res.stderr
    return load_file(state/'state.safetensors')

@pytest.mark.parametrize('processes', [1, 2])
def test_resumes_at_the_batch(tmp_path, processes):
    whole = pretrain(tmp_path/'whole', 96, processes)
    pretrain(tmp_path/'parts', 32, processes)
    parts = pretrain(tmp_path/'parts', 96, processes)
    assert whole.keys() == parts.keys()
    assert all((whole[k] == parts[k]).all() for k in whole)

def test_processes_share_the_groups():
    "Two processes train on what one process sees in twice as many groups."
    sys.path.insert(0, str(SCRIPTS))
    from pretrain_data import Batches
    def groups(first, stride): # the first two groups of a process
        batches, seen = Batches(3, 512, first, 0, stride, 1, lambda: False), []
        for _ in batches:
            seen.append(batches.group)
            if batches.group > first+stride: break
        batches.stop()
        return {o-stride if o > first else first for o in seen} | {first}
    assert groups(0, 2) | groups(1, 2) == {0, 1, 2, 3}
