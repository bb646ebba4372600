"5,000 malformed requests: each gets a response with a fitting status, none a 500."
import base64, json, random, socket, threading
from collections import Counter

import pytest

import fuzz
from bench_app import posted
from captcha_ocr.serve.app import create_app
from captcha_ocr.serve.server import Server
from captcha_ocr.serve.service import Service

IMAGES = [o for o in fuzz.encoded() if len(o) < 60_000]
PATHS = ['/api/read']*6 + ['/cards', '/', '/feedback', '/login', '/api/models', '/example/0', '/healthz', '/%00', '/static/../app.py', '/api/read/']
KINDS = ['multipart/form-data; boundary=b', 'application/json', 'multipart/form-data', 'multipart/form-data; boundary=', 'application/json; charset=utf-99', 'text/plain', '', 'application/x-www-form-urlencoded']
VALUES = [0, -1, 1.5, 1e400, True, None, '', 'x'*5000, '5', '4-6', '99', '9'*400, '6-4', 'L', 'LDX', [], {}, ['a'], '\ud800', '\0', '<script>', '../../etc/passwd', 'captcha_images_v2', '٥']
FIELDS = 'model length charset positions alternatives candidates min_confidence images image text example token unknown'.split()

def some_json(rng):
    values = {rng.choice(FIELDS): rng.choice(VALUES) for _ in range(rng.randrange(4))}
    if rng.random() < .8: values['images'] = [rng.choice([base64.b64encode(fuzz.mutant(rng, rng.choice(IMAGES))).decode(), *map(str, VALUES[:9]), rng.choice(VALUES)]) for _ in range(rng.randrange(4))]
    return rng.choice([json.dumps(values).encode()]*4 + [b'['*50_000, b'{"images":'+b'9'*5000+b'}', b'null', b'"a"', b'\xff\xfe'])

def some_form(rng):
    parts = [f'--b\r\nContent-Disposition: form-data; name="{rng.choice(FIELDS)}"\r\n\r\n{rng.choice(VALUES)}\r\n'.encode('utf-8', 'replace') for _ in range(rng.randrange(4))]
    whole = posted(fuzz.mutant(rng, rng.choice(IMAGES))).partition(b'\r\n\r\n')[2]
    return b''.join(parts)+whole

def some_request(rng):
    "A request with something wrong in it, as the arguments of Flask's test client"
    body = rng.choice([some_json, some_form])(rng)
    if rng.random() < .4: body = fuzz.mutant(rng, body)
    fits = 'application/json' if body[:1] in b'{[' else KINDS[0]
    headers = {'Content-Type': fits if rng.random() < .7 else rng.choice(KINDS)}
    if rng.random() < .1: headers[rng.choice(['Origin','Authorization','Cookie','Host','Accept','Content-Length','Sec-Fetch-Site'])] = rng.choice(['null', '', 'http://[', 'Bearer x', 'a'*3000, '-1', '\x7f'])
    return dict(path=rng.choice(PATHS), method=rng.choice(['POST']*9 + ['GET','PUT','DELETE','OPTIONS']), data=body, headers=headers)

def test_malformed_requests(tmp_path):
    rng, came, app = random.Random(0), Counter(), create_app(Service(feedback=tmp_path))
    client = app.test_client()
    for _ in range(5_000):
        request = some_request(rng)
        answer = client.open(**request)
        came[answer.status_code] += 1
        assert answer.status_code < 500, (answer.data, request)
        assert b'Traceback' not in answer.data and b'site-packages' not in answer.data
        if answer.status_code >= 400 and request['path'].startswith('/api/'):
            assert answer.content_type == 'application/problem+json' and answer.json['status'] == answer.status_code
    assert {200, 400, 405, 415, 422} <= came.keys(), came   # the requests are not all alike

@pytest.fixture(scope='module')
def port():
    server = Server(Service(), '127.0.0.1', 0)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield int(server.effective_port)
    server.stop(); thread.join()

def test_malformed_bytes(port):
    "Bytes that are not HTTP get a response or are dropped, and the server keeps serving"
    rng, came, whole = random.Random(1), Counter(), posted(IMAGES[0], keep=False)
    for _ in range(120):
        with socket.create_connection(('127.0.0.1', port), timeout=.05) as s:
            try: s.sendall(fuzz.mutant(rng, whole)); got = s.recv(9999)
            except (TimeoutError, ConnectionError): got = b''     # it waits for the rest
            came[got[9:12]] += 1
    assert not {o for o in came if o.startswith(b'5')}, came
    with socket.create_connection(('127.0.0.1', port), timeout=5) as s:
        s.sendall(whole)
        assert s.recv(9999).startswith(b'HTTP/1.1 200')
