"""Robust training: the methods by name (`catalogue`, no torch), and what each does to a step."""
