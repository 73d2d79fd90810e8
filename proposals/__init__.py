"""Lunar Partners: how agencies file proposals for a lunar mission, and how they are judged.

One Django app of plain packages, stacked in floors; nothing imports upward (import-linter checks).

    demo            above the doors: seed and story
    portal          door one: partners          (forms, pages)
    admin           door two: staff, reviewers  (stock Django admin)
    api             door three: machines
    web             what the doors share: middleware, template tags
    decisions       what we answer: Decision, letters, release, agreement
    review          how we judge: experts, conflicts, assignments, assessments, panel
    intake          what they send: Proposal, Version, Move, sheets, files
    calls           what we ask for: Call, Phase, envelope, questions
    partners        who writes to us: User, Organisation, Membership
    outbox          how they hear from us: Message, delivery
    audit           what happened: the trail

Inside a package: tasks > actions > emails > queries > rules > models > gateways > calculations > states.
Writes are verbs in `actions.py`; reads go through `visible_to`; only `Proposal.move` changes a status;
only `outbox.post` tells anyone; every write that matters calls `audit.record`.
"""
