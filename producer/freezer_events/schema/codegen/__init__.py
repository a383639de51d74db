"""Code generation: from a parsed Avro schema to the text of a Python module.

`model` gives the schema as typed nodes, `naming` the Python names, `pytypes` the Python types,
`classes` the classes, `encoder` and `decoder` the functions, `helpers` the pieces they share.
"""
