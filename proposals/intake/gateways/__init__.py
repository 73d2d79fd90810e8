"""The outside systems of intake, one file each: the disk, the PDF reader in a process of its own, the malware scanner."""
