"""The code of the Lambda functions of the sandbox; each file is one function, zipped as `index.py`."""
