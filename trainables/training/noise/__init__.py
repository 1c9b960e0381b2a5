"""Robust-training methods: what each does to a training step."""
