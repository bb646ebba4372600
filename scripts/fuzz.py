"""Show the reader broken images, folders, tables of labels, model files and requests: each must end in a result or in a `CaptchaError` of one line, soon and in little memory.

    python scripts/fuzz.py load               # 24 corrections of 20 megapixels at once, then 40 clients with the widest choice of texts
    python scripts/fuzz.py [COUNT] [SEED]     # of images; a quarter as many broken model files, sealed model files, folders and requests; default 12,000 and 0

Prints what came of them, the longest time and the peak of memory; exits 1 if anything else was raised, took over a second, or needed over 300 MB."""
import base64, copy, csv, io, json, os, random, resource, string, struct, sys, tempfile, time, warnings
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import onnx
from PIL import ExifTags, Image

from captcha_ocr.charset import CaptchaError
from captcha_ocr.data.images import IMAGE_FORMATS
from captcha_ocr.data.journal import label_rows
from captcha_ocr.data.labels import check_dataset, dataset_notes
from captcha_ocr.data.split import read_split
from captcha_ocr.data.store import LabelStore
from captcha_ocr.reader import Reader
from captcha_ocr.reading.graph import OPERATORS
from captcha_ocr.reading.model_file import digest, find_model, model_bytes
from captcha_ocr.synth.styles import generate

FORMATS = {'PNG': 'RGB RGBA P L LA 1 I;16', 'JPEG': 'RGB L', 'GIF': 'P', 'BMP': 'RGB 1', 'WEBP': 'RGB RGBA', 'TIFF': 'RGB RGBA I;16', 'PPM': 'RGB L', 'JPEG2000': 'RGB', 'AVIF': 'RGB'}

def save(im, form, **kwargs):
    "The bytes of an image file; None if this Pillow cannot write `im` in the format"
    b = io.BytesIO()
    try: im.save(b, form, **kwargs)
    except Exception: return None    # each plugin has its own exception for a mode, a size or a missing library
    return b.getvalue()

def oriented(number):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = number
    return exif

def encoded():
    "The same few captchas in every format and mode that is met, as bytes"
    out = []
    for im,_ in generate('coloured', 3, seed=0):
        rgb = Image.fromarray(im)
        for form,modes in FORMATS.items():
            for mode in modes.split(): out.append(save(rgb.convert('L').convert('I;16') if mode == 'I;16' else rgb.convert(mode), form))
    return [o for o in out if o]

def shapes():
    "Long, tall and large images in every orientation, animations, and images in the formats of all plugins"
    out = []
    for size in [(1,5000), (5000,1), (64,4096), (4096,64)]:
        for form in ('PNG','WEBP','TIFF'):
            for number in range(1,9): out.append(save(Image.new('RGB', size, 'white'), form, exif=oriented(number)))
    for size in [(5000,4000), (20_000,1000)]: out.append(save(Image.new('1', size), 'PNG', exif=oriented(6)))
    for mode,size in [('1',(5000,4000)), ('P',(5000,4000)), ('RGBA',(5000,4000)), ('I;16',(4000,4000)), ('LA',(4000,4000))]: out.append(save(Image.new(mode, size), 'PNG'))
    out.append(save(Image.new('RGB', (4000,4000), 'white'), 'JPEG', exif=oriented(6)))
    blank, ink = Image.new('RGB', (1200,800), 'white'), Image.effect_noise((1200,800), 90).convert('RGB')
    for form in ('GIF','PNG','WEBP'): out.append(save(blank, form, save_all=True, append_images=[blank]*20+[ink], duration=50))
    return [o for o in out if o]

def containers():
    "Formats that are refused: those of all other plugins, ICO and ICNS around a large PNG, EPS that would run for ever"
    Image.init()
    small, big = Image.new('RGB', (64,64), 'red'), save(Image.new('1', (13_000,13_000)), 'PNG')
    out = [save(small.convert(mode), form) for form in Image.SAVE for mode in ('RGB','L','P','1','CMYK') if form not in (*IMAGE_FORMATS, 'MPO', 'DIB')]
    out.append(b'\0\0\1\0\1\0\x20\x20\0\0\1\0\x20\0' + struct.pack('<II', len(big), 22) + big)
    for kind in (b'ic07', b'ic09', b'icp4'): out.append(b'icns' + struct.pack('>I', len(big)+16) + kind + struct.pack('>I', len(big)+8) + big)
    out.append(b'%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n%%EndComments\n{} loop\n')
    out += [b'%PDF-1.7\n', b'\xd7\xcd\xc6\x9a'+b'\0'*60, b'\1\0\0\0'+b'\0'*36+b' EMF'+b'\0'*60, b'BUFR'+b'\0'*40, b'GRIB'+b'\1'*40, b'<svg xmlns="http://www.w3.org/2000/svg"/>']
    return [o for o in out if o]

def cut(rng, b): return b[:rng.randrange(len(b))]
def flip(rng, b):
    b = bytearray(b)
    for _ in range(rng.choice([1,1,2,8,64])): b[rng.randrange(len(b))] ^= rng.randrange(1, 256)
    return bytes(b)
def head(rng, b): # sizes and offsets are near the front
    b = bytearray(b)
    i = rng.randrange(min(64, len(b)-4))
    b[i:i+4] = rng.choice([b'\xff\xff\xff\xff', b'\x7f\xff\xff\xff', b'\0\0\0\0', b'\0\0\x40\0', rng.randbytes(4)])
    return bytes(b)
def splice(rng, b):
    i, j = sorted(rng.randrange(len(b)) for _ in '..')
    return rng.choice([b[:i]+b[j:], b[:j]+b[i:], b[:i]+rng.randbytes(j-i)+b[j:]])

MUTATIONS = cut, flip, flip, head, splice

def mutant(rng, b):
    for _ in range(rng.choice([1,1,2,3])): b = rng.choice(MUTATIONS)(rng, b) if len(b) > 8 else rng.randbytes(9)
    return b

NAMES = ['1234.png', '1234 (3).png', '12 34.png', '1234.JFIF', '1234', 'a\nb.png', 'a\tb.png', '\u200b12.png', '\udcce\udcca.png', 'né.png', 'שלום.png', '１２.png', '.png', 'a.heic', 'Labels.csv', 'labels.txt', 'README',
         'sub/1234.png', 'sub/labels.csv', 'd/d/d/d/d/d/9.png', '-rf.png', 'a;b.png', '%s.png', '\\.png']
CELLS = ['1234.png', '1234', 'sub\\1234.png', '../1234.png', '/etc/passwd', '', ' ', ' 12', '12 ', '\u00a0', '\ufeff', '１２', '"', '\n', '\0', 'x'*300, 'filename', 'labelled', 'שלום']
ENCODINGS = 'utf-8', 'utf-8', 'utf-8-sig', 'utf-16', 'latin-1', 'gbk'

def table(rng):
    "The bytes of a table of labels with any separator, encoding and line ends, often broken"
    out = io.StringIO()
    rows = csv.writer(out, delimiter=rng.choice(',,;\t|'), lineterminator=rng.choice(['\n', '\r\n', '\r']), quoting=rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    rows.writerow(rng.choice([['filename','text'], ['filename','text','status'], ['name','label'], ['filename'], ['text','filename']]))
    for _ in range(rng.randrange(8)): rows.writerow(rng.choices(CELLS + NAMES, k=rng.choice([2,2,2,3,1,5])))
    data = out.getvalue().encode(rng.choice(ENCODINGS), 'ignore')
    return mutant(rng, data) if rng.random() < .5 and len(data) > 8 else data

def fill(rng, folder, originals):
    "Write images with odd names, tables and links into `folder`"
    for name in rng.choices(NAMES, k=rng.randrange(6)):
        file = folder/name
        if file.exists() or file.is_symlink(): continue
        file.parent.mkdir(parents=True, exist_ok=True)
        kind = rng.random()
        if kind < .2: os.symlink(rng.choice([name, 'nowhere', '.', '..', '/dev/null', os.path.basename(name)]), file)
        elif kind < .25: os.mkfifo(file)
        elif file.suffix.lower() in ('.csv','.txt'): file.write_bytes(table(rng))
        else: file.write_bytes(rng.choice(originals) if kind < .8 else mutant(rng, rng.choice(originals)))
    if rng.random() < .6: (folder/'labels.csv').write_bytes(table(rng))
    if rng.random() < .2: (folder/'split.csv').write_bytes(table(rng))
    if rng.random() < .2: (folder/'labels.journal').write_bytes(rng.choice([b'{"filename": "1234.png", "text": "77"}\n', b'{"filename": 5}\n[]\nnull\n"', b'['*99_999, rng.randbytes(50)]))

def check(folder):
    "What `captcha-ocr check` prints about `folder`: lines without a line break"
    samples, problems = check_dataset(folder)
    for o in [*dataset_notes(folder, samples), *(p.what for p in problems)]:
        if '\n' in o: raise ValueError(f'a line of several lines: {o!r}')
    read_split(samples, folder)

PATHS = ['/api/read']*6 + ['/cards', '/', '/feedback', '/login', '/api/models', '/example/0', '/healthz', '/%00', '/static/../app.py', '/api/read/']
KINDS = ['multipart/form-data; boundary=b', 'application/json', 'multipart/form-data', 'multipart/form-data; boundary=', 'application/json; charset=utf-99', 'text/plain', '', 'application/x-www-form-urlencoded']
VALUES = [0, -1, 1.5, 1e400, True, None, '', 'x'*5000, '5', '4-6', '0-99', '99', '9'*400, '6-4', 'L', 'LDX', [], {}, ['a'], '\ud800', '\0', '<script>', '../../etc/passwd', 'captcha_images_v2', '٥']
FIELDS = 'model length charset positions alternatives candidates min_confidence images image text example token unknown'.split()
DIALECTS = [lambda o: base64.b64encode(o), base64.urlsafe_b64encode, base64.encodebytes, lambda o: base64.b64encode(o).rstrip(b'='), lambda o: b'data:image/png;base64,'+base64.b64encode(o)]

def some_json(rng, images):
    values = {rng.choice(FIELDS): rng.choice(VALUES) for _ in range(rng.randrange(4))}
    if rng.random() < .8: values['images'] = [rng.choice([rng.choice(DIALECTS)(mutant(rng, rng.choice(images))).decode(), *map(str, VALUES[:9]), rng.choice(VALUES)]) for _ in range(rng.randrange(4))]
    odd = [b'['*50_000, b'{"images":'+b'9'*5000+b'}', b'{"images":[],"length":1e999}', b'{"images":['+b'{},'*rng.choice([9, 9999])+b'0]}', b'{"images":'*3000, b'null', b'"a"', b'\xff\xfe']
    return rng.choice([json.dumps(values).encode()]*4 + odd)

def some_form(rng, images):
    "A multipart form, its headers sometimes long, odd or many"
    headers = ['', '', '', '; a=b'*rng.choice([1, 500, 50_000]), '; filename='+'"'*99, "; filename*=utf-99''%ff", '\r\nX: '+'y'*5000, '; name=x'*9, '\r\n\r\n']
    parts = [f'--b\r\nContent-Disposition: form-data; name="{rng.choice(FIELDS)}"{rng.choice(headers)}\r\n\r\n{rng.choice(VALUES)}\r\n'.encode('utf-8', 'replace') for _ in range(rng.choice([0,1,2,3]*9+[2000]))]
    image = b'--b\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'+mutant(rng, rng.choice(images))+b'\r\n'
    return b''.join([*parts, image])+b'--b--\r\n'

def some_request(rng, images):
    "A request with something wrong in it, as the arguments of Flask's test client"
    body = rng.choice([some_json, some_form])(rng, images)
    if rng.random() < .4: body = mutant(rng, body)
    fits = 'application/json' if body[:1] in b'{[' else KINDS[0]
    headers = {'Content-Type': fits if rng.random() < .7 else rng.choice(KINDS)}
    if rng.random() < .1: headers[rng.choice(['Origin','Authorization','Cookie','Host','Accept','Content-Length','Sec-Fetch-Site'])] = rng.choice(['null', '', 'http://[', 'Bearer x', 'a'*3000, '-1', '\x7f'])
    return dict(path=rng.choice(PATHS), method=rng.choice(['POST']*9 + ['GET','PUT','DELETE','OPTIONS']), data=body, headers=headers)

def fuzz_requests(rng, count, images):
    "What came of `count` requests to the web app: a status below 500, or an error"
    from captcha_ocr.serve.app import create_app
    from captcha_ocr.serve.service import Service
    with tempfile.TemporaryDirectory() as d:
        client = create_app(Service(feedback=d)).test_client()
        def send(request):
            status = client.open(**request).status_code
            if status >= 500: raise ValueError(f'status {status}')
            if status >= 400: raise CaptchaError(f'status {status}')
        return [shown(send, some_request(rng, images)) for _ in range(count)]

def fuzz_labels(rng, count, originals):
    "What came of `count` labels, each saved into a folder whose table was damaged before and after: a saved label must be there"
    found = []
    for _ in range(count):
        with tempfile.TemporaryDirectory() as d:
            folder = Path(d)
            (folder/'1234.png').write_bytes(originals[0])
            def save(_):
                fill(rng, folder, originals)
                text = LabelStore(folder).put('1234.png', rng.choice(['77', 'é', 'a,"b', 'x'*200]))['text']
                for damage in (table(rng), (folder/'labels.csv').read_bytes()[:rng.randrange(60)] if (folder/'labels.csv').is_file() else b''):
                    (folder/'labels.csv').unlink(missing_ok=True)
                    (folder/'labels.csv').write_bytes(damage)
                    try: rows = label_rows(folder)
                    except CaptchaError: continue    # nothing can be read, so nothing is trained on or written
                    if rows['1234.png']['text'] != text: raise ValueError(f'the label {text!r} became {rows["1234.png"]}')
            found.append(shown(save, folder))
    return found

def at_once(n, send):
    "Statuses of `n` requests at the same time, and the megabytes that they took"
    before = reset_peak()
    with ThreadPoolExecutor(n) as pool: statuses = Counter(pool.map(send, range(n)))
    return dict(statuses), peak_memory()-before

def load():
    "What came of many large corrections and many readings with little known about the text: by name, as from `at_once`"
    from captcha_ocr.serve.app import create_app
    from captcha_ocr.serve.service import Service
    page, long = Image.new('1', (5000,4000), 1), save(Image.effect_noise((1200,48), 90).convert('RGB'), 'PNG')
    pages = []
    for i in range(24):
        page.putpixel((i,0), 0)
        pages.append(base64.b64encode(save(page, 'PNG')))
    with tempfile.TemporaryDirectory() as d:
        service = Service(feedback=d)
        app = create_app(service)
        def correct(i): return app.test_client().post('/feedback', data=dict(image=pages[i], text='ab12')).status_code
        asked, letters = dict(images=[base64.b64encode(long).decode()], length='0-64', alternatives=10, candidates=10), string.ascii_letters*2
        def read(i): return app.test_client().post('/api/read', json=dict(asked, charset=letters[i:i+24])).status_code
        came = dict(corrections=at_once(24, correct), clients=at_once(40, read))
        service.queue.close()
        return came

def shown(func, broken):
    "What came of `func(broken)`: a name, and the seconds of processor time it took"
    start = time.process_time()
    try: func(broken); name = 'read'
    except CaptchaError as e: name = 'refused' if '\n' not in str(e) else f'a message of several lines: {e}'
    except Exception as e: name = f'raised {type(e).__name__}: {str(e)[:80]}'
    return name, time.process_time()-start

def fuzz_folders(rng, count, originals):
    "What came of `count` folders of images"
    found = []
    for _ in range(count):
        with tempfile.TemporaryDirectory() as d:
            folder = Path(d)/'data'
            folder.mkdir()
            fill(rng, folder, originals)
            found.append(shown(check, folder))
    return found

ODD = [None, True, 0, -1, 7, 2**40, 1e400, 'x', '', 'a'*9999, [], [[]]*99, {}, {'height': 48}, [1e308]*3, '\ud800', '\u05d0\u05d1', 'aa']

def some_config(rng, config):
    "The JSON of a model's config with a few odd values, sometimes cut or flipped"
    config = json.loads(json.dumps(config))
    for _ in range(rng.choice([1,1,2,3])):
        place = config
        while True:
            key = rng.choice(list(place)) if isinstance(place, dict) else rng.randrange(len(place))
            if not (isinstance(place[key], (dict,list)) and place[key]) or rng.random() < .4: break
            place = place[key]
        if isinstance(place, dict) and rng.random() < .2: del place[key]
        else: place[key] = copy.deepcopy(rng.choice(ODD))
        if not config: break
    text = json.dumps(config)
    return text if rng.random() < .8 else mutant(rng, text.encode()).decode('utf-8', 'replace')

def change_graph(rng, graph):
    "Another operator, other edges, other sizes"
    node, weights = rng.choice(graph.node), rng.choice(graph.initializer)
    kind = rng.randrange(6)
    if kind == 0: node.op_type = rng.choice([*sorted(OPERATORS), 'Loop', 'If', 'RandomNormal'])
    elif kind == 1 and node.input: node.input[rng.randrange(len(node.input))] = rng.choice(graph.node).output[0]
    elif kind == 2 and weights.dims: weights.dims[rng.randrange(len(weights.dims))] = rng.choice([0, -1, 1, 2**40])
    elif kind == 3: weights.raw_data = mutant(rng, weights.raw_data or b'123456789')
    elif kind == 4: graph.node.remove(node)
    for attribute in node.attribute if kind == 5 else ():
        if attribute.ints: attribute.ints[rng.randrange(len(attribute.ints))] = rng.choice([0, -1, 7, 10**4, 2**40])
        elif attribute.HasField('i'): attribute.i = rng.choice([0, -1, 7, 2**40])
        elif attribute.HasField('t') and attribute.t.raw_data: attribute.t.raw_data = rng.choice([10**9, -1, 10**5]).to_bytes(8, 'little', signed=True)[:len(attribute.t.raw_data)]

def sealed(rng, whole, config):
    "A model file with a right checksum, and something wrong in its config or its network"
    proto = onnx.load_from_string(whole)
    text = json.dumps(config)
    if rng.random() < .5: text = some_config(rng, config)
    else:
        for _ in range(rng.choice([1,1,2])): change_graph(rng, proto.graph)
    onnx.helper.set_model_props(proto, {'captcha_ocr': text.encode('utf-8', 'replace').decode(), 'captcha_ocr.sha256': '0'*64})
    data = proto.SerializeToString()
    if rng.random() < .2: data = mutant(rng, data)
    at, value = digest(data)
    return data[:at] + value + data[at+64:]

def reset_peak():
    "Let `peak_memory` start anew (Linux), and return it"
    try: Path('/proc/self/clear_refs').write_text('5')
    except OSError: pass
    return peak_memory()

def peak_memory():
    "Megabytes"
    try: return next(int(o.split()[1])/1024 for o in Path('/proc/self/status').read_text().splitlines() if o.startswith('VmHWM'))
    except OSError: return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss/1024

def fuzz(count, seed=0):
    "Counters of what came of `count` images, and of `count//4` broken and sealed model files, folders and requests each, and the longest seconds of each; and the megabytes that it took"
    rng, reader, originals = random.Random(seed), Reader('captcha_images_v2', threads=1), encoded()
    whole, others = shapes(), containers()
    sources = originals + [o for o in whole+others if len(o) < 100_000]
    model = model_bytes(find_model('captcha_images_v2'))
    before = reset_peak()
    images = [shown(reader.read, o) for o in whole] + [shown(reader.read, mutant(rng, rng.choice(sources))) for _ in range(count)]
    refused = [shown(reader.read, o) for o in others]
    with tempfile.TemporaryDirectory() as d:
        file = Path(d)/'m.onnx'
        def open_model(b): file.write_bytes(b); Reader(file, threads=1)
        models = [shown(open_model, mutant(rng, model)) for _ in range(count//4)]
        config = reader.config
        sealed_models = [shown(open_model, sealed(rng, model, config)) for _ in range(count//4)]
    folders, labels = fuzz_folders(rng, count//4, originals), fuzz_labels(rng, count//8, originals)
    requests = fuzz_requests(rng, count//4, [o for o in originals if len(o) < 60_000])
    found = dict(images=images, model_files=models, sealed_models=sealed_models, other_formats=refused, folders=folders, labels=labels, requests=requests)
    return {what: (Counter(name for name,_ in o), max(s for _,s in o)) for what,o in found.items()}, peak_memory()-before

if __name__ == '__main__':
    warnings.simplefilter('ignore')    # Pillow's, about what it met in a file
    if sys.argv[1:] == ['load']:
        came = load()
        for what,(statuses,megabytes) in came.items(): print(f'{what}: statuses {statuses}, {megabytes:.0f} MB')
        sys.exit(any(megabytes > 500 or set(statuses) - {200,503} for statuses,megabytes in came.values()))
    found, memory = fuzz(*(int(o) for o in sys.argv[1:] or ['12000']))
    for what,(came,longest) in found.items(): print(f'{sum(came.values())} {what}: {dict(came)}, longest {longest:.2f} s')
    print(f'{memory:.0f} MB of memory beyond those at the start')
    sys.exit(memory > 300 or any(set(came) - {'read','refused'} or longest > 1 for came,longest in found.values()))
