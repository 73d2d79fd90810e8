"""Above the doors: demonstration data, marked as such."""
