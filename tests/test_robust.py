"The reader under load: broken files, many files, many threads, many calls."
import os, random, subprocess, sys
from concurrent.futures import ThreadPoolExecutor

import psutil, pytest

import fuzz
from captcha_ocr.data.images import open_image
from captcha_ocr.reader import Reader
from captcha_ocr.synth.styles import save_captchas

@pytest.fixture(scope='module')
def captchas(tmp_path_factory): return save_captchas('kaptcha', 40, tmp_path_factory.mktemp('synthetic')/'d', seed=0)

def test_broken_files_are_read_or_refused():
    "`python scripts/fuzz.py 20000` does the same with 20,000 images"
    results, memory = fuzz.fuzz(400, seed=1)
    found = {what: set(came) for what,(came,_) in results.items()}
    assert {'refused'} == found['other_formats'] == found['model_files']
    assert {'read','refused'} == found['images'] == found['sealed_models'] == found['folders'] == found['labels'] == found['requests']
    assert memory < 300

def test_mutants_differ(captchas):
    "Otherwise the test above would read whole files"
    whole = captchas[0].read_bytes()
    assert len({fuzz.mutant(random.Random(i), whole) for i in range(50)} - {whole}) > 40

READ = r"""
import re, sys
from captcha_ocr.cli import app
sys.argv = ["", "read", sys.argv[1]]
try: app()
except SystemExit as e:
    peak = re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[1]
    print(peak, e.code, file=sys.stderr)
"""

def peak_of_reading(folder):
    "Peak memory in megabytes of a process that reads `folder`, and the lines that it prints"
    res = subprocess.run([sys.executable, '-c', READ, str(folder)], capture_output=True, text=True)
    peak, status = res.stderr.split()[-2:]
    assert status == '0', res.stderr
    return int(peak)/1024, res.stdout.splitlines()

@pytest.mark.skipif(sys.platform != 'linux', reason='reads the peak memory from /proc')
def test_many_files_need_no_more_memory(captchas, tmp_path):
    "20,000 links to images in subfolders, compared with 1,000"
    peaks = {}
    for n in (1_000, 20_000):
        for i in range(n):
            to = tmp_path/str(n)/f'{i%7}'/f'{i}.png'
            to.parent.mkdir(parents=True, exist_ok=True)
            os.symlink(captchas[i%len(captchas)], to)
        peaks[n], lines = peak_of_reading(tmp_path/str(n))
        assert len(lines) == n and len({o.split('\t')[0] for o in lines}) == n
    assert peaks[20_000] < peaks[1_000] + 8, peaks

def test_eight_threads_read_the_same(captchas):
    reader = Reader('captcha_images_v2')
    alone = [reader.read(f) for f in captchas]
    def read_all(_): return [reader.read(f) for f in captchas]
    with ThreadPoolExecutor(8) as pool: assert list(pool.map(read_all, range(8))) == [alone]*8

def test_calls_do_not_leak_memory(captchas):
    reader, process = Reader('captcha_images_v2'), psutil.Process()
    images = [open_image(f) for f in captchas]
    def rss(calls):
        for i in range(calls): reader.read(images[i%len(images)])
        return process.memory_info().rss/2**20
    warm = rss(300)
    assert rss(1_000) < warm + 4

def test_missing_cuda_names_the_package():
    import onnxruntime
    if 'CUDAExecutionProvider' in onnxruntime.get_available_providers(): pytest.skip('CUDA is available')
    command = [sys.executable, '-c', 'from captcha_ocr.cli import main; main()', 'read', 'x.png', '--device', 'cuda']
    res = subprocess.run(command, capture_output=True, text=True)
    assert res.returncode == 2 and 'onnxruntime-gpu' in res.stderr and len(res.stderr.splitlines()) == 1
