-- What was done or given is linked by patient and time too where it names no encounter: SupplyDelivery and
-- DeviceUseStatement of R4 have no element for one.

drop index {schema}.resource_unlinked;
create index resource_unlinked on {schema}.resource (patient_id)
    where encounter_id is null and resource_type in (
        'DiagnosticReport', 'Composition', 'DocumentReference',
        'Procedure', 'MedicationAdministration', 'SupplyDelivery', 'DeviceUseStatement', 'Immunization'
    );
