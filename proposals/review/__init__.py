"""How proposals are judged: experts, conflicts, assignment, assessment, the panel."""
