"""How each operation is described in /openapi.json: names, parameters, answers and examples."""
