"""Questions to clinicians, and notes among coders: what may be asked, how, and what becomes of it.

Place in the flow: `service.queries` and `service.threads` call it; pure. `linter` holds the rules of a compliant query,
`templates` what is asked often, `prefill` the indicators that a chart offers, `life` the states, `exchange` the FHIR.
"""
