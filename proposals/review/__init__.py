"""How we judge: who reviews what."""
