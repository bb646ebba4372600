"A real server process with clients that are slow, broken, too many, or connected when it shuts down."
import asyncio, http.client, json, re, shutil, socket, subprocess, sys, threading, time

import psutil, pytest

from bench_app import START, load, posted, server
from captcha_ocr.reader import Reader
from captcha_ocr.reading.model_file import find_model
from captcha_ocr.synth.styles import save_captchas

@pytest.fixture(scope='module')
def pngs(tmp_path_factory):
    files = save_captchas('kaptcha', 16, tmp_path_factory.mktemp('captchas')/'d', seed=0)
    return [o.read_bytes() for o in files]

@pytest.fixture(scope='module')
def running():
    with server() as (process, port): yield process, port

def connect(port, timeout=60): return socket.create_connection(('127.0.0.1', port), timeout=timeout)

def get(port, path, **headers):
    c = http.client.HTTPConnection('127.0.0.1', port, timeout=20)
    c.request('GET', path, headers=headers)
    response = c.getresponse()
    return response.status, response.read().decode()

def wait_for(get_value, condition, seconds=60):
    "The first value that meets `condition`"
    until = time.monotonic()+seconds
    while not condition(value := get_value()):
        assert time.monotonic() < until, value
        time.sleep(.1)
    return value

def read_all(s):
    got = b''
    while more := s.recv(99_999): got += more
    return got

def test_broken_clients_block_nobody(running, pngs):
    "40 clients that send half, 40 that send a byte at a time, 40 that disconnect: more than there are threads, and readings still arrive"
    _, port = running
    whole, half, slow = posted(pngs[0], keep=False), [connect(port) for _ in range(40)], [connect(port) for _ in range(40)]
    for s in half: s.sendall(whole[:len(whole)//2])
    for _ in range(40):
        with connect(port) as s: s.sendall(whole)               # and disconnects before the response
    for i in range(10):
        for s in slow: s.sendall(whole[i:i+1])
        with connect(port) as s:
            s.sendall(whole)
            assert read_all(s).startswith(b'HTTP/1.1 200')
    for s in half: assert s.recv(10) == b''                     # the server drops a silent client
    for s in half+slow: s.close()

def test_excess_requests_are_refused(running, pngs):
    "600 at once: some are answered, the others get a 503 with Retry-After, none is dropped"
    _, port = running
    clients = [connect(port, 60) for _ in range(600)]
    for s in clients: s.sendall(posted(pngs[0], keep=False))
    heads = [read_all(s).partition(b'\r\n\r\n')[0].decode() for s in clients]
    codes = [o.split()[1] for o in heads]
    assert set(codes) == {'200','503'} and codes.count('200') >= 128, (codes.count('200'), set(codes))
    assert all('Retry-After: 1' in o and 'application/problem+json' in o for o,n in zip(heads, codes) if n == '503')
    assert re.search(r'route="none",status="503"} \d', get(port, '/metrics')[1])

def test_model_is_replaced_under_load(pngs, tmp_path):
    "The file is replaced by whole and broken ones while sixteen clients read: no request fails"
    file, whole = tmp_path/'mine.onnx', find_model('captcha_images_v2').read_bytes()
    file.write_bytes(whole)
    with server('--model', file) as (process, port):
        stop = threading.Event()
        def replace():
            for i in range(6):
                if stop.wait(.5): return
                if i % 2: (tmp_path/'new').write_bytes(whole); (tmp_path/'new').replace(file)
                else: file.write_bytes(whole[:9000])
        thread = threading.Thread(target=replace); thread.start()
        seconds, statuses = asyncio.run(load(port, [posted(o) for o in pngs], 3.5, 16))
        stop.set(); thread.join()
        assert set(statuses) == {200} and len(seconds) > 50, statuses
        file.write_bytes(b'no model')
        model = wait_for(lambda: json.loads(get(port, '/api/models')[1])['models'][0], lambda o: 'config' in (o['problem'] or ''))
        assert model['name'] == 'mine' and 'mine.onnx' in model['problem'] and str(tmp_path) not in model['problem']
        memory = psutil.Process(process.pid).memory_info().rss/2**20
        assert memory < 400, memory

@pytest.mark.skipif(sys.platform == 'win32', reason='there is no SIGTERM')
def test_sigterm_finishes_what_is_in_flight(pngs):
    with server() as (process, port):
        clients = [connect(port) for _ in range(60)]
        for s in clients: s.sendall(posted(pngs[0]*1, keep=False))
        process.terminate()
        responses = [read_all(s) for s in clients]
        assert [o[9:12] for o in responses] == [b'200']*60
        assert process.wait(10) == 0
    with pytest.raises(OSError): connect(port, 1)

def test_another_address_needs_the_token(pngs):
    process = subprocess.Popen([sys.executable, '-c', START, '--host', '0.0.0.0'], stdout=subprocess.PIPE, text=True)
    try:
        port, token = int(re.search(r':(\d+) reads', process.stdout.readline())[1]), process.stdout.readline().split()[1]
        assert len(token) >= 32
        assert [get(port, '/api/models')[0], get(port, '/api/models', Authorization=f'Bearer {token}')[0], get(port, '/healthz')[0]] == [401, 200, 200]
        assert [get(port, '/')[0], get(port, '/login')[0], get(port, '/static/site.css')[0]] == [303, 200, 200]
    finally: process.terminate(); process.wait(10)

def test_misuse_is_one_line(tmp_path):
    for words in (['--model', tmp_path/'absent.onnx'], ['--token', 'short'], ['--host', '203.0.113.1']):
        res = subprocess.run([sys.executable, '-c', START, *map(str, words)], capture_output=True, text=True, timeout=60)
        assert res.returncode == 2 and len(res.stderr.splitlines()) == 1, res.stderr
