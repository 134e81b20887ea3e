-- What is decided for everybody (features/instance): what differs from the defaults, by key as in the protocol.
alter table instance add column settings jsonb not null default '{}';
