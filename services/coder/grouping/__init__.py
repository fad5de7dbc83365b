"""MS-DRGs of stays: which group a coding falls into, and which of its codes put it there.

Place in the flow: `stay` makes the grouper's question of a coding, `grouper` is the interface, `msdrg_grouper` what
answers it, `drivers` tells what each code does to the answer. `service.grouping` and the final Claim ask. Invariant:
none of it reaches those who write or answer physician queries (AHIMA/ACDIS, Guidelines for Achieving a Compliant Query
Practice: a query says nothing of payment).
"""
