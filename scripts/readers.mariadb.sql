-- Makes the user djankiserv_reader, who may read the views of all users, of today and to come, and nothing else: no
-- tables, no accounts. Run it as root; put a password of your own first.
--
--     mariadb < scripts/readers.mariadb.sql
CREATE USER djankiserv_reader@'%' IDENTIFIED BY 'a long one';
-- Where DJANKISERV_USERDB_NAME is another word, it is that word here. The backslash keeps _ from meaning any character.
GRANT SELECT ON `djankiserv\_views\_%`.* TO djankiserv_reader@'%';
