"A page for a Space of a model hub: an image in, the text and what else it might be out. Put a model.onnx beside it to read with that."
from pathlib import Path

import gradio as gr

from captcha_ocr.charset import CaptchaError
from captcha_ocr.reading.constraint import Constraint
from captcha_ocr.reader import Reader

own = Path(__file__).with_name('model.onnx')
reader = Reader(own if own.exists() else None)

def read(image, length): # a PIL image or None; characters, such as 5 or 4-6, or nothing
    if image is None: raise gr.Error('give an image')
    try: r = reader.read(image, Constraint(length=length) if length else None, alternatives=4)
    except CaptchaError as e: raise gr.Error(str(e))
    return r.text or '', {r.text or r.reason: r.confidence, **dict(r.alternatives)}, r.unfamiliar or ''

demo = gr.Interface(read, [gr.Image(type='pil', label='Image'), gr.Textbox(label='Length, if known', placeholder='5 or 4-6')],
                    [gr.Textbox(label='Text'), gr.Label(label='How sure'), gr.Textbox(label='In what it differs from the images of training')],
                    title='captcha_ocr', description='Reads short distorted text. For images of your own, sites that you own or may test, research and learning.')

if __name__ == '__main__': demo.launch()
