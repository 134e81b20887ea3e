-- One row: this instance.
create table instance (
  only_one boolean primary key default true check (only_one),
  name text not null default 'Sotto',
  open_sign_up boolean not null default false,
  -- False until the first admin exists.
  ready boolean not null default false
);
insert into instance default values;
