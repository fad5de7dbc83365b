-- Who changes the mode of a service line says which state of it they read: the automation may have changed it since.
alter table {schema}.automation_line add column revision integer not null default 0 check (revision >= 0);
