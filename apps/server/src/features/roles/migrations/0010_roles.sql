-- Instance roles: named sets of permissions. The built-in ones are rows too, so that people can refer to them; what they permit is in the code.

create table roles (
  id text primary key,
  name text not null,
  permissions text[] not null,
  built_in boolean not null
);
insert into roles (id, name, permissions, built_in) values
  ('owner', '', '{}', true), ('admin', '', '{}', true), ('moderator', '', '{}', true), ('member', '', '{}', true), ('guest', '', '{}', true);

alter table people drop constraint people_role_check;
-- Whoever set the instance up owns it.
update people set role = 'owner' where id = (select id from people where role = 'admin' order by created_at, id limit 1);
alter table people add constraint people_role foreign key (role) references roles (id);
alter table invitations drop constraint invitations_role_check;
alter table invitations add constraint invitations_role foreign key (role) references roles (id);
