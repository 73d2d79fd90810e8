"""What must hold of the review at any moment: bars, access, assignments, scores, and what was frozen."""

OF_REVIEW = {
    "each conflict that stands bars": """
        SELECT c.id::text FROM proposals_conflict c WHERE c.ended_at IS NULL AND c.overridden_at IS NULL AND NOT EXISTS (
            SELECT FROM proposals_access a WHERE a.proposal_id = c.proposal_id AND a.user_id = c.user_id
            AND NOT a."grant" AND a.why = 'conflict:' || c.kind)""",
    "each bar has a conflict that stands": """
        SELECT a.id::text FROM proposals_access a WHERE NOT a."grant" AND NOT EXISTS (
            SELECT FROM proposals_conflict c WHERE c.proposal_id = a.proposal_id AND c.user_id = a.user_id
            AND c.ended_at IS NULL AND c.overridden_at IS NULL AND a.why = 'conflict:' || c.kind)""",
    "nobody judges across a conflict": """
        SELECT s.id::text FROM proposals_assignment s JOIN proposals_conflict c
            ON c.proposal_id = s.proposal_id AND c.user_id = s.user_id AND c.ended_at IS NULL AND c.overridden_at IS NULL
        WHERE s.answer IN ('asked', 'accepted')""",
    "nobody judges what their own team proposes": """
        SELECT s.id::text FROM proposals_assignment s
        JOIN proposals_teammember t ON t.proposal_id = s.proposal_id AND t.user_id = s.user_id
        WHERE s.answer IN ('asked', 'accepted')
          AND NOT EXISTS (SELECT FROM proposals_conflict c WHERE c.proposal_id = s.proposal_id
              AND c.user_id = s.user_id AND c.kind = 'team' AND c.overridden_at IS NOT NULL)""",
    "an expert is let in by an assignment that was accepted": """
        SELECT a.id::text FROM proposals_access a WHERE a."grant" AND a.why LIKE 'assignment:%%' AND NOT EXISTS (
            SELECT FROM proposals_assignment s WHERE 'assignment:' || s.id = a.why
            AND s.user_id = a.user_id AND s.proposal_id = a.proposal_id AND s.answer = 'accepted')""",
    "nobody is let in before the undertaking": """
        SELECT a.id::text FROM proposals_access a WHERE a."grant" AND a.why LIKE 'assignment:%%' AND NOT EXISTS (
            SELECT FROM proposals_expert e WHERE e.user_id = a.user_id AND e.undertaken_at IS NOT NULL)""",
    "an assignment is for a phase of the proposal's call": """
        SELECT s.id::text FROM proposals_assignment s JOIN proposals_proposal p ON p.id = s.proposal_id
        JOIN proposals_phase f ON f.id = s.phase_id WHERE f.call_id <> p.call_id""",
    "a score is of a criterion of the phase, and within its maximum": """
        SELECT x.id::text FROM proposals_score x JOIN proposals_assessment e ON e.id = x.assessment_id
        JOIN proposals_assignment s ON s.id = e.assignment_id JOIN proposals_criterion c ON c.id = x.criterion_id
        WHERE c.phase_id <> s.phase_id OR x.value > c.maximum""",
    "a submitted assessment was frozen, and stays what its SHA-256 says": """
        SELECT e.id::text FROM proposals_assessment e LEFT JOIN proposals_frozenassessment f ON f.assessment_id = e.id
        WHERE (e.stage = 'submitted' AND f.id IS NULL)
           OR f.sha256 <> encode(sha256(convert_to(f.canonical, 'UTF8')), 'hex')""",
    "a technical assessment that was submitted has a verdict": """
        SELECT e.id::text FROM proposals_assessment e JOIN proposals_assignment s ON s.id = e.assignment_id
        WHERE e.stage = 'submitted' AND s.kind = 'technical' AND e.verdict = ''""",
    "a frozen panel is what its SHA-256 says": """
        SELECT id::text FROM proposals_panel
        WHERE frozen_at IS NOT NULL AND sha256 <> encode(sha256(convert_to(canonical, 'UTF8')), 'hex')""",
    "where two keys are asked, a PI released before the submission": """
        SELECT v.id::text FROM proposals_version v JOIN proposals_phase f ON f.id = v.phase_id
        WHERE f.two_key AND NOT v.on_behalf AND NOT EXISTS (SELECT FROM proposals_signature g
            WHERE g.proposal_id = v.proposal_id AND g.phase_id = v.phase_id AND g.kind = 'release' AND g.at <= v.frozen_at)""",
}
