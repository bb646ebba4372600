"""Show the reader broken images and broken model files: each must end in a reading or in a `CaptchaError`, soon and in little memory.

    python scripts/fuzz.py [COUNT] [SEED]     # of images, and a quarter as many model files; default 16,000 and 0

Prints what came of them, the longest time and the peak of memory; exits 1 if anything else was raised."""
import io, random, resource, sys, tempfile, time, warnings
from collections import Counter
from pathlib import Path

from PIL import Image

from captcha_ocr.charset import CaptchaError
from captcha_ocr.reader import Reader, files
from captcha_ocr.reading.model_file import model_bytes
from captcha_ocr.synth.styles import generate

FORMATS = {'PNG': 'RGB RGBA P L LA 1 I;16', 'JPEG': 'RGB L', 'GIF': 'P', 'BMP': 'RGB 1', 'WEBP': 'RGB RGBA', 'TIFF': 'RGB RGBA I;16', 'PPM': 'RGB L', 'JPEG2000': 'RGB', 'AVIF': 'RGB'}

def encoded():
    "The same few captchas in every format and mode that is met, as bytes"
    out = []
    for im,_ in generate('coloured', 3, seed=0):
        for form,modes in FORMATS.items():
            for mode in modes.split():
                b = io.BytesIO()
                rgb = Image.fromarray(im)
                try: (rgb.convert('L').convert('I;16') if mode == 'I;16' else rgb.convert(mode)).save(b, form)
                except (KeyError, OSError): continue    # this Pillow was built without the format
                out.append(b.getvalue())
    return out

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

def shown(func, broken):
    "What came of `func(broken)`: a name, and the seconds it took"
    start = time.perf_counter()
    try: func(broken); name = 'read'
    except CaptchaError as e: name = 'refused' if '\n' not in str(e) else f'a message of several lines: {e}'
    except Exception as e: name = f'raised {type(e).__name__}: {str(e)[:80]}'
    return name, time.perf_counter()-start

def fuzz(count, seed=0):
    "Counters of what came of `count` images and `count//4` model files, and the longest seconds of each"
    rng, reader, originals = random.Random(seed), Reader(threads=1), encoded()
    model = model_bytes(files('captcha_ocr')/'models'/'captcha_images_v2.onnx')
    with tempfile.TemporaryDirectory() as d:
        file = Path(d)/'m.onnx'
        def open_model(b): file.write_bytes(b); Reader(file, threads=1)
        images = [shown(reader.read, mutant(rng, rng.choice(originals))) for _ in range(count)]
        models = [shown(open_model, mutant(rng, model)) for _ in range(count//4)]
    return [(Counter(name for name,_ in found), max(s for _,s in found)) for found in (images, models)]

if __name__ == '__main__':
    warnings.simplefilter('ignore')    # Pillow's, about what it met in a file
    found = fuzz(*(int(o) for o in sys.argv[1:] or ['16000']))
    for what,(came,longest) in zip(('images', 'model files'), found): print(f'{sum(came.values())} {what}: {dict(came)}, longest {longest:.2f} s')
    print(f'peak of memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss/1024:.0f} MB')
    sys.exit(any(set(came) - {'read','refused'} for came,_ in found))
