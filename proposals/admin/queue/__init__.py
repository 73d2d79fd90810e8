"""The secretariat's queue: its page, its filters, its spreadsheet and what is done to several rows at once."""
