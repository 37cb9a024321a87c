//! tokio-postgres: cases one by one, each on a connection of its own, and a line of JSON for what each saw.

use std::{env, fs, sync::Arc, time::Duration};

use futures_util::{future, pin_mut, stream, SinkExt, StreamExt, TryStreamExt};
use rustls::pki_types::{pem::PemObject, CertificateDer};
use tokio_postgres::{AsyncMessage, Client, Error, NoTls, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

type Seen = Result<String, Box<dyn std::error::Error>>;

fn tls(file: &str) -> MakeRustlsConnect {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&fs::read(file).unwrap()) {
        roots.add(certificate.unwrap()).unwrap();
    }
    MakeRustlsConnect::new(rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}

/// A client, and what the server says to it beside answers.
async fn connected() -> Result<(Client, Arc<std::sync::Mutex<Vec<String>>>), Error> {
    let word = |name: &str| env::var(name).unwrap();
    let account = format!(
        "host=127.0.0.1 port={} user={} password={} dbname={} sslmode={}",
        word("PGPORT"), word("PGUSER"), word("PGPASSWORD"), word("PGDATABASE"),
        if env::var("PGSSLROOTCERT").is_ok() { "require" } else { "disable" },
    );
    let heard = Arc::new(std::sync::Mutex::new(Vec::new()));
    macro_rules! drive {
        ($tls:expr) => {{
            let (client, mut connection) = tokio_postgres::connect(&account, $tls).await?;
            let said = heard.clone();
            let mut messages = stream::poll_fn(move |context| connection.poll_message(context));
            tokio::spawn(async move {
                while let Some(Ok(message)) = messages.next().await {
                    said.lock().unwrap().push(match message {
                        AsyncMessage::Notice(notice) => format!("{} {}", notice.code().code(), notice.message()),
                        AsyncMessage::Notification(note) => format!("{} {}", note.channel(), note.payload()),
                        _ => String::new(),
                    });
                }
            });
            client
        }};
    }
    let client = match env::var("PGSSLROOTCERT") {
        Ok(file) => drive!(tls(&file)),
        Err(_) => drive!(NoTls),
    };
    Ok((client, heard))
}

fn failure(error: &Error) -> String {
    format!("{:?}", error.as_db_error().map(|said| (said.code().code(), said.message(), said.detail(), said.hint(), said.constraint())))
}

async fn simple(client: &Client, sql: &str) -> Result<String, Error> {
    let mut seen = String::new();
    for message in client.simple_query(sql).await? {
        match message {
            SimpleQueryMessage::Row(row) => {
                for column in 0..row.len() {
                    seen += &format!("{:?} ", row.get(column));
                }
            }
            SimpleQueryMessage::CommandComplete(count) => seen += &format!("done {count}\n"),
            _ => {}
        }
    }
    Ok(seen)
}

async fn case(name: &str) -> Seen {
    let (mut client, heard) = connected().await?;
    Ok(match name {
        "every type" => simple(&client, "select * from every_type order by a").await?,
        "types of columns" => {
            let statement = client.prepare("select * from every_type").await?;
            format!("{:?}", statement.columns().iter().map(|each| (each.name(), each.type_())).collect::<Vec<_>>())
        }
        "parameters" => {
            let tags = vec![Some("a"), None];
            let row = client
                .query_one("select $1::int4, $2::text, $3::text[], $4::bytea, $5::float8", &[&7i32, &"ü", &tags, &vec![0u8, 255], &1.5f64])
                .await?;
            let back: (i32, &str, Vec<Option<&str>>, Vec<u8>, f64) = (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4));
            format!("{back:?}")
        }
        "pipelined" => {
            let statement = client.prepare("select name from people where id = $1").await?;
            let numbers: Vec<i32> = (1..200).collect();
            let asked = numbers.iter().map(|number| async { client.query_one(&statement, &[number]).await.map(|row| row.get::<_, String>(0)) });
            format!("{:?}", future::try_join_all(asked).await?)
        }
        "pipelined with an error" => {
            let numbers: Vec<i32> = (0..5).collect();
            let asked = numbers.iter().map(|number| async { client.query("select 10 / (2 - $1::int4)", &[number]).await });
            let seen = future::join_all(asked).await;
            format!("{:?}", seen.iter().map(|each| each.as_ref().map(Vec::len).map_err(failure)).collect::<Vec<_>>())
        }
        "portal" => {
            let transaction = client.transaction().await?;
            let portal = transaction.bind("select id from people order by id", &[]).await?;
            let mut seen = Vec::new();
            for _ in 0..3 {
                let rows = transaction.query_portal(&portal, 7).await?;
                seen.extend(rows.iter().map(|row| row.get::<_, i32>(0)));
            }
            format!("{seen:?}")
        }
        "streamed" => {
            let rows = client.query_raw("select id, note from orders order by id", Vec::<i32>::new()).await?;
            pin_mut!(rows);
            let mut seen = Vec::new();
            while let Some(row) = rows.try_next().await? {
                seen.push((row.get::<_, i32>(0), row.get::<_, String>(1)));
            }
            format!("{seen:?}")
        }
        "savepoint" => {
            let mut outer = client.transaction().await?;
            let inner = outer.transaction().await?;
            let failed = inner.batch_execute("select 1 / 0").await.unwrap_err();
            inner.rollback().await?;
            let row = outer.query_one("select 'goes on'", &[]).await?;
            format!("{} {}", failure(&failed), row.get::<_, &str>(0))
        }
        "copy in" => {
            client.batch_execute("create temp table copied (n int, s text)").await?;
            let sink = client.copy_in("copy copied from stdin").await?;
            pin_mut!(sink);
            for number in 0..2000 {
                sink.send(std::io::Cursor::new(format!("{number}\trow {number}\n").into_bytes())).await?;
            }
            let count = sink.finish().await?;
            format!("{count} {}", simple(&client, "select count(*), max(s) from copied").await?)
        }
        "copy out" => {
            let chunks = client.copy_out("copy (select id, name, doc from people order by id) to stdout csv").await?;
            pin_mut!(chunks);
            let mut seen = Vec::new();
            while let Some(chunk) = chunks.try_next().await? {
                seen.extend_from_slice(&chunk);
            }
            String::from_utf8(seen)?
        }
        "errors" => {
            let mut seen = String::new();
            for line in ["select 1 / 0", "select * from nowhere", "insert into people (id, name) values (1, 'x')"] {
                seen += &failure(&client.execute(line, &[]).await.unwrap_err());
                seen += &failure(&client.batch_execute(line).await.unwrap_err());
            }
            seen
        }
        "notices and notifications" => {
            client.batch_execute("drop table if exists nowhere; listen here; notify here, 'payload'").await?;
            while heard.lock().unwrap().len() < 2 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            let said = heard.lock().unwrap().clone();
            format!("{said:?}")
        }
        "cancel" => {
            let token = client.cancel_token();
            let cancel = async {
                tokio::time::sleep(Duration::from_millis(300)).await;
                match env::var("PGSSLROOTCERT") {
                    Ok(file) => token.cancel_query(tls(&file)).await,
                    Err(_) => token.cancel_query(NoTls).await,
                }
            };
            let (failed, sent) = future::join(client.batch_execute("select pg_sleep(20)"), cancel).await;
            sent?;
            format!("{} {}", failure(&failed.unwrap_err()), simple(&client, "select 'after'").await?)
        }
        _ => unreachable!(),
    })
}

#[tokio::main]
async fn main() {
    for name in env::args().skip(1) {
        let (key, value) = match case(&name).await {
            Ok(saw) => ("saw", saw),
            Err(error) => ("failed", format!("{error:?}")),
        };
        println!("{}", serde_json::json!({"case": name, key: value}));
    }
}
