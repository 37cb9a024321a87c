import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** sshj, JSch and Apache MINA SSHD: the same cases by each; the argument says which library. */
final class Ssh {
    static final String HOST = "127.0.0.1";
    static final int PORT = Integer.parseInt(System.getenv("SSH_PORT"));
    static final String USER = System.getenv("SSH_USER");
    static final String TOKEN = System.getenv("SSH_TOKEN");
    static final String KEY = System.getenv("SSH_KEY");
    static final String FOLDER = System.getenv("SSH_FOLDER");
    static final String HOST_KEY = System.getenv("SSH_HOST_KEY").split(" ")[1];
    static final int ECHO = Integer.parseInt(System.getenv("SSH_ECHO").split(":")[1]);

    /** What one library can do. */
    interface Connection extends AutoCloseable {
        /** Status or signal, the output's length and hash, standard error. */
        Object exec(String command, byte[] stdin) throws Exception;

        /** Upload, rename, read back, list. */
        Object files(byte[] data) throws Exception;

        /** Data sent to the echo server and back. */
        byte[] forwarded(byte[] data) throws Exception;
    }

    interface Library {
        Connection connect() throws Exception;
    }

    static Object hashed(byte[] data) throws Exception {
        return data.length + " " + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(data));
    }

    static byte[] repeated(String text, int times) {
        return text.repeat(times).getBytes(StandardCharsets.ISO_8859_1);
    }

    static byte[] echoed(int port, byte[] data) throws Exception {
        try (Socket socket = new Socket(HOST, port)) {
            Thread writer = new Thread(() -> {
                try {
                    socket.getOutputStream().write(data);
                    socket.getOutputStream().flush();
                } catch (Exception failure) {
                    throw new IllegalStateException(failure);
                }
            });
            writer.start();
            byte[] back = socket.getInputStream().readNBytes(data.length);
            writer.join();
            return back;
        }
    }

    /** So much, or less if it ends: sshj's streams wait for ever when asked for nothing, as the last read of readNBytes does. */
    static byte[] read(InputStream from, int length) throws java.io.IOException {
        byte[] data = new byte[length];
        int filled = 0;
        while (filled < length) {
            int count = from.read(data, filled, length - filled);
            if (count < 0) break;
            filled += count;
        }
        return Arrays.copyOf(data, filled);
    }

    static Thread copying(InputStream from, OutputStream to) {
        Thread thread = new Thread(() -> {
            try {
                from.transferTo(to);
            } catch (Exception ended) {
                // The end of a channel is the end of its streams.
            }
        });
        thread.start();
        return thread;
    }

    // --- sshj -------------------------------------------------------------------------------------------------------

    static Connection sshj() throws Exception {
        var client = new net.schmizz.sshj.SSHClient();
        client.addHostKeyVerifier(new net.schmizz.sshj.transport.verification.HostKeyVerifier() {
            @Override
            public boolean verify(String host, int port, java.security.PublicKey key) {
                byte[] blob = new net.schmizz.sshj.common.Buffer.PlainBuffer().putPublicKey(key).getCompactData();
                return Base64.getEncoder().encodeToString(blob).equals(HOST_KEY);
            }

            @Override
            public List<String> findExistingAlgorithms(String host, int port) {
                return List.of("ssh-ed25519");
            }
        });
        client.connect(HOST, PORT);
        if (TOKEN.isEmpty()) client.authPublickey(USER, KEY);
        else client.authPassword(USER, TOKEN);
        return new Connection() {
            @Override
            public Object exec(String command, byte[] stdin) throws Exception {
                try (var session = client.startSession()) {
                    var running = session.exec(command);
                    var err = new ByteArrayOutputStream();
                    Thread errors = copying(running.getErrorStream(), err);
                    Thread writer = new Thread(() -> {
                        try (OutputStream to = running.getOutputStream()) {
                            to.write(stdin);
                        } catch (Exception ended) {
                            // A command may end before it has read everything.
                        }
                    });
                    writer.start();
                    var out = new ByteArrayOutputStream();
                    running.getInputStream().transferTo(out);
                    writer.join();
                    errors.join();
                    running.join(20, TimeUnit.SECONDS);
                    return List.of(String.valueOf(running.getExitStatus()), String.valueOf(running.getExitSignal()), hashed(out.toByteArray()), err.toString());
                }
            }

            @Override
            public Object files(byte[] data) throws Exception {
                Path local = Files.createTempFile(Path.of(FOLDER).getParent(), "local", "");
                Files.write(local, data);
                try (var sftp = client.newSFTPClient()) {
                    sftp.put(local.toString(), FOLDER + "/java");
                    sftp.rename(FOLDER + "/java", FOLDER + "/renamed");
                    sftp.get(FOLDER + "/renamed", local.toString());
                    List<String> names = new ArrayList<>();
                    sftp.ls(FOLDER).forEach(each -> names.add(each.getName()));
                    Object seen = List.of(hashed(Files.readAllBytes(local)), sftp.size(FOLDER + "/renamed"), names);
                    sftp.rm(FOLDER + "/renamed");
                    return seen;
                }
            }

            @Override
            public byte[] forwarded(byte[] data) throws Exception {
                try (var tunnel = client.newDirectConnection(HOST, ECHO)) {
                    Thread writer = copying(new ByteArrayInputStream(data), new java.io.FilterOutputStream(tunnel.getOutputStream()) {
                        @Override
                        public void write(byte[] bytes, int from, int length) throws java.io.IOException {
                            out.write(bytes, from, length);
                            out.flush();
                        }
                    });
                    byte[] back = read(tunnel.getInputStream(), data.length);
                    writer.join();
                    return back;
                }
            }

            @Override
            public void close() throws Exception {
                client.disconnect();
            }
        };
    }

    // --- JSch -------------------------------------------------------------------------------------------------------

    static Connection jsch() throws Exception {
        var library = new com.jcraft.jsch.JSch();
        library.getHostKeyRepository().add(new com.jcraft.jsch.HostKey("[" + HOST + "]:" + PORT, Base64.getDecoder().decode(HOST_KEY)), null);
        if (TOKEN.isEmpty()) library.addIdentity(KEY);
        var session = library.getSession(USER, HOST, PORT);
        session.setConfig("server_host_key", "ssh-ed25519");
        session.setPassword(TOKEN);
        session.connect(20000);
        return new Connection() {
            @Override
            public Object exec(String command, byte[] stdin) throws Exception {
                var channel = (com.jcraft.jsch.ChannelExec) session.openChannel("exec");
                channel.setCommand(command);
                channel.setInputStream(new ByteArrayInputStream(stdin));
                var err = new ByteArrayOutputStream();
                channel.setErrStream(err);
                InputStream out = channel.getInputStream();
                channel.connect(20000);
                byte[] said = out.readAllBytes();
                while (!channel.isClosed()) Thread.sleep(10);
                int status = channel.getExitStatus();
                channel.disconnect();
                return List.of(status, hashed(said), err.toString());
            }

            @Override
            public Object files(byte[] data) throws Exception {
                var sftp = (com.jcraft.jsch.ChannelSftp) session.openChannel("sftp");
                sftp.connect(20000);
                sftp.put(new ByteArrayInputStream(data), FOLDER + "/java");
                sftp.rename(FOLDER + "/java", FOLDER + "/renamed");
                byte[] back = sftp.get(FOLDER + "/renamed").readAllBytes();
                List<String> names = new ArrayList<>();
                for (var each : sftp.ls(FOLDER)) names.add(each.getFilename());
                Collections.sort(names);
                Object seen = List.of(hashed(back), sftp.stat(FOLDER + "/renamed").getSize(), names);
                sftp.rm(FOLDER + "/renamed");
                sftp.disconnect();
                return seen;
            }

            @Override
            public byte[] forwarded(byte[] data) throws Exception {
                return echoed(session.setPortForwardingL(0, HOST, ECHO), data);
            }

            @Override
            public void close() {
                session.disconnect();
            }
        };
    }

    // --- Apache MINA SSHD -------------------------------------------------------------------------------------------

    static Connection mina() throws Exception {
        var client = org.apache.sshd.client.SshClient.setUpDefaultClient();
        client.setServerKeyVerifier((session, address, key) -> {
            try {
                var shown = org.apache.sshd.common.config.keys.PublicKeyEntry.toString(key).split(" ")[1];
                return shown.equals(HOST_KEY);
            } catch (RuntimeException unknown) {
                return false;
            }
        });
        client.setForwardingFilter(org.apache.sshd.server.forward.AcceptAllForwardingFilter.INSTANCE);
        client.start();
        var session = client.connect(USER, HOST, PORT).verify(Duration.ofSeconds(20)).getSession();
        if (TOKEN.isEmpty())
            session.setKeyIdentityProvider(new org.apache.sshd.common.keyprovider.FileKeyPairProvider(Path.of(KEY)));
        else session.addPasswordIdentity(TOKEN);
        session.auth().verify(Duration.ofSeconds(20));
        return new Connection() {
            @Override
            public Object exec(String command, byte[] stdin) throws Exception {
                try (var channel = session.createExecChannel(command)) {
                    var out = new ByteArrayOutputStream();
                    var err = new ByteArrayOutputStream();
                    channel.setIn(new ByteArrayInputStream(stdin));
                    channel.setOut(out);
                    channel.setErr(err);
                    channel.open().verify(Duration.ofSeconds(20));
                    channel.waitFor(EnumSet.of(org.apache.sshd.client.channel.ClientChannelEvent.CLOSED), Duration.ofSeconds(40));
                    return List.of(String.valueOf(channel.getExitStatus()), String.valueOf(channel.getExitSignal()), hashed(out.toByteArray()), err.toString());
                }
            }

            @Override
            public Object files(byte[] data) throws Exception {
                try (var sftp = org.apache.sshd.sftp.client.SftpClientFactory.instance().createSftpClient(session)) {
                    try (OutputStream to = sftp.write(FOLDER + "/java")) {
                        to.write(data);
                    }
                    sftp.rename(FOLDER + "/java", FOLDER + "/renamed");
                    byte[] back;
                    try (InputStream from = sftp.read(FOLDER + "/renamed")) {
                        back = from.readAllBytes();
                    }
                    List<String> names = new ArrayList<>();
                    sftp.readDir(FOLDER).forEach(each -> names.add(each.getFilename()));
                    Collections.sort(names);
                    Object seen = List.of(hashed(back), sftp.stat(FOLDER + "/renamed").getSize(), names);
                    sftp.remove(FOLDER + "/renamed");
                    return seen;
                }
            }

            @Override
            public byte[] forwarded(byte[] data) throws Exception {
                try (var tunnel = session.createLocalPortForwardingTracker(0, new org.apache.sshd.common.util.net.SshdSocketAddress(HOST, ECHO))) {
                    return echoed(tunnel.getBoundAddress().getPort(), data);
                }
            }

            @Override
            public void close() throws Exception {
                session.close();
                client.stop();
            }
        };
    }

    interface Body {
        Object run(Connection connection) throws Exception;
    }

    static void add(Cases cases, Library library, String name, Body body) {
        cases.add(name, () -> {
            try (Connection connection = library.connect()) {
                return body.run(connection);
            }
        });
    }

    public static void main(String[] arguments) {
        Library library = switch (arguments[0]) {
            case "sshj" -> Ssh::sshj;
            case "jsch" -> Ssh::jsch;
            default -> Ssh::mina;
        };
        Cases cases = new Cases();
        byte[] nothing = new byte[0];
        add(cases, library, "exec", c -> c.exec("echo out; echo err >&2; exit 7", nothing));
        add(cases, library, "signal", c -> c.exec("kill -TERM $$", nothing));
        add(cases, library, "large", c -> c.exec("seq 600000", nothing));
        add(cases, library, "standard input", c -> c.exec("cat; echo end", repeated("\0\u0001\u00ffx", 500_000)));
        add(cases, library, "one after the other", c -> {
            List<Object> seen = new ArrayList<>();
            for (int n = 0; n < 20; n++) seen.add(c.exec("echo " + n + "; exit " + n, nothing));
            return seen;
        });
        add(cases, library, "sftp", c -> c.files(repeated("0123456789abcdef\n", 100_000)));
        add(cases, library, "forwarding", c -> hashed(c.forwarded(repeated("there and back ", 20_000))));
        cases.run();
        System.exit(0);
    }
}
