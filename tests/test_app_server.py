"A real server process with clients that are slow, broken, too many, or there when it ends."
import asyncio, http.client, json, re, shutil, socket, subprocess, sys, threading, time

import psutil, pytest

from bench_app import START, load, posted, server
from captcha_ocr.reader import Reader
from captcha_ocr.synth.styles import save_captchas

@pytest.fixture(scope='module')
def drawn(tmp_path_factory): return [o.read_bytes() for o in save_captchas('kaptcha', 16, tmp_path_factory.mktemp('drawn')/'d', seed=0)]

@pytest.fixture(scope='module')
def running():
    with server() as (process, port): yield process, port

def connect(port, timeout=20): return socket.create_connection(('127.0.0.1', port), timeout=timeout)

def get(port, path, **headers):
    c = http.client.HTTPConnection('127.0.0.1', port, timeout=20)
    c.request('GET', path, headers=headers)
    answer = c.getresponse()
    return answer.status, answer.read().decode()

def whole_answer(s):
    got = b''
    while more := s.recv(99_999): got += more
    return got

def test_broken_clients_hold_up_nobody(running, drawn):
    "40 who say half, 40 who say a byte at a time, 40 who leave: more than there are threads, and a reading takes as long as before"
    _, port = running
    whole, half, slow = posted(drawn[0], keep=False), [connect(port) for _ in range(40)], [connect(port) for _ in range(40)]
    for s in half: s.sendall(whole[:len(whole)//2])
    for _ in range(40):
        with connect(port) as s: s.sendall(whole)               # and gone before the answer
    start = time.time()
    while time.time() < start+2:
        for s in slow: s.sendall(whole[:1])
        with connect(port) as s:
            begun = time.time()
            s.sendall(whole)
            assert whole_answer(s).startswith(b'HTTP/1.1 200') and time.time()-begun < 2
    begun = time.time()
    for s in half: assert s.recv(10) == b''                     # dropped after ten seconds of silence
    assert time.time()-start < 16
    for s in half+slow: s.close()

def test_too_many_are_sent_away(running, drawn):
    "600 at once: some are answered, the others told when to come back, none is dropped"
    _, port = running
    clients = [connect(port, 60) for _ in range(600)]
    for s in clients: s.sendall(posted(drawn[0], keep=False))
    heads = [whole_answer(s).partition(b'\r\n\r\n')[0].decode() for s in clients]
    came = [o.split()[1] for o in heads]
    assert set(came) == {'200','503'} and came.count('200') >= 128, (came.count('200'), set(came))
    assert all('Retry-After: 1' in o and 'application/problem+json' in o for o,n in zip(heads, came) if n == '503')
    assert re.search(r'route="none",status="503"} \d', get(port, '/metrics')[1])

def test_a_model_is_replaced_under_load(drawn, tmp_path):
    "Whole and broken files take turns while sixteen clients read: no request fails"
    file, whole = tmp_path/'mine.onnx', Reader.shipped.read_bytes()
    file.write_bytes(whole)
    with server('--model', file) as (process, port):
        stop = threading.Event()
        def replace():
            for i in range(6):
                if stop.wait(.5): return
                if i % 2: (tmp_path/'new').write_bytes(whole); (tmp_path/'new').replace(file)
                else: file.write_bytes(whole[:9000])
        thread = threading.Thread(target=replace); thread.start()
        took, statuses = asyncio.run(load(port, [posted(o) for o in drawn], 3.5, 16))
        stop.set(); thread.join()
        assert set(statuses) == {200} and len(took) > 50, statuses
        file.write_bytes(b'no model'); time.sleep(2.5)
        model, = json.loads(get(port, '/api/models')[1])['models']
        assert model['name'] == 'mine' and 'has no captcha_ocr config' in model['problem'] and str(tmp_path) not in model['problem']
        memory = psutil.Process(process.pid).memory_info().rss/2**20
        assert memory < 400, memory

@pytest.mark.skipif(sys.platform == 'win32', reason='there is no SIGTERM')
def test_sigterm_finishes_what_is_in_flight(drawn):
    with server() as (process, port):
        clients = [connect(port) for _ in range(60)]
        for s in clients: s.sendall(posted(drawn[0]*1, keep=False))
        process.terminate()
        answers = [whole_answer(s) for s in clients]
        assert [o[9:12] for o in answers] == [b'200']*60
        assert process.wait(10) == 0
    with pytest.raises(OSError): connect(port, 1)

def test_another_address_needs_the_token(drawn):
    process = subprocess.Popen([sys.executable, '-c', START, '--host', '0.0.0.0'], stdout=subprocess.PIPE, text=True)
    try:
        port, token = int(re.search(r':(\d+) reads', process.stdout.readline())[1]), process.stdout.readline().split()[1]
        assert len(token) >= 32
        assert [get(port, '/api/models')[0], get(port, '/api/models', Authorization=f'Bearer {token}')[0], get(port, '/healthz')[0]] == [401, 200, 200]
        assert [get(port, '/')[0], get(port, '/login')[0], get(port, '/static/app.css')[0]] == [303, 200, 200]
    finally: process.terminate(); process.wait(10)

def test_misuse_is_one_line(tmp_path):
    for words in (['--model', tmp_path/'absent.onnx'], ['--token', 'short'], ['--host', '203.0.113.1']):
        res = subprocess.run([sys.executable, '-c', START, *map(str, words)], capture_output=True, text=True, timeout=60)
        assert res.returncode == 2 and len(res.stderr.splitlines()) == 1, res.stderr
