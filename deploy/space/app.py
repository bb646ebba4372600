"A page for a Space of a model hub: reads an image and shows alternatives. A model.onnx beside this file replaces the model of the package."
from pathlib import Path

import gradio as gr

from captcha_ocr.charset import CaptchaError
from captcha_ocr.reading.constraint import Constraint
from captcha_ocr.reader import Reader

custom = Path(__file__).with_name('model.onnx')
reader = Reader(custom if custom.exists() else None)

def read(image, length): # a PIL image or None; number of characters, such as 5 or 4-6, or empty
    if image is None: raise gr.Error('Choose an image first.')
    try: r = reader.read(image, Constraint(length=length) if length else None, alternatives=4)
    except CaptchaError as e: raise gr.Error(str(e))
    return r.text or '', {r.text or r.reason: r.confidence, **dict(r.alternatives)}, r.unfamiliar or ''

demo = gr.Interface(read, [gr.Image(type='pil', label='Image'), gr.Textbox(label='Length, if known', placeholder='5 or 4-6')],
                    [gr.Textbox(label='Text'), gr.Label(label='Confidence'), gr.Textbox(label='How the image differs from the training images')],
                    title='captcha_ocr', description='Reads short distorted text. For images of your own, sites that you own or may test, research and learning.')

if __name__ == '__main__': demo.launch()
