"The API matches its OpenAPI document: schemathesis generates requests from it, valid and invalid, and checks the responses."
import base64, io

import pytest
from hypothesis import HealthCheck, settings
from PIL import Image

from captcha_ocr.serve.api import openapi_document
from captcha_ocr.serve.app import create_app
from captcha_ocr.serve.batching import Models
from captcha_ocr.serve.service import Service

schemathesis = pytest.importorskip('schemathesis', reason='schemathesis is not installed: pip install -e .[dev]')
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import positive_data_acceptance

app = create_app(Service(Models(['captcha_images_v2'])))
schema = schemathesis.openapi.from_wsgi('/api/openapi.json', app)

# Valid base64 need not be an image, and a valid constraint may ask for characters that the model does not know. Both are
# refused, which no schema can express.
@schema.parametrize()
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_api_is_as_described(case): case.call_and_validate(excluded_checks=[positive_data_acceptance])

def test_good_requests_are_accepted():
    "The schema check above leaves out whether valid requests succeed"
    Image.new('RGB', (200,50), 'white').save(b := io.BytesIO(), 'PNG')
    client, fields = app.test_client(), dict(length='5', charset='23b', positions='XXXXX', alternatives='10', candidates='10', min_confidence='0.5', model='captcha_images_v2')
    assert client.post('/api/read', data=dict(image=[(io.BytesIO(b.getvalue()), 'a.png')]*2, **fields)).status_code == 200
    assert client.post('/api/read', json=dict(images=[base64.b64encode(b.getvalue()).decode()]*2, **{**fields, 'length': 5, 'alternatives': 10, 'candidates': 0, 'min_confidence': .5})).status_code == 200

def test_document_names_all_routes():
    rules = {o.rule for o in app.url_map.iter_rules() if o.endpoint.startswith('api.')}
    assert rules == set(openapi_document()['paths'])
