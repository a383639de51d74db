"""Code generation: from the model of an event's schema to the text of a Python module.

`classes` gives the classes, `pytypes` what their attributes are annotated with, `encoder` the
functions that encode; what they call is `avro.runtime`.
"""
