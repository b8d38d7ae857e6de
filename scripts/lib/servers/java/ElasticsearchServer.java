import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginsLoader;

/**
 * One Elasticsearch node from the jars of the Maven repository: {@code ElasticsearchServer HOME [setting=value …]}.
 *
 * <p>Elasticsearch's own main class expects the whole distribution, refuses to run as root and installs entitlements. This
 * one builds the node that it would build, with the modules that lie in HOME/modules, and closes it at SIGTERM.
 */
public final class ElasticsearchServer {
  private static final String NODE_NAME = "millrace";

  public static void main(String[] args) throws Exception {
    LogConfigurator.configureESLogging(); // must precede every class that logs
    Path home = Path.of(args[0]);
    Settings.Builder settings = Settings.builder().put("path.home", home.toString());
    for (int i = 1; i < args.length; i++) {
      String[] setting = args[i].split("=", 2);
      if (setting.length < 2) throw new IllegalArgumentException("not setting=value: " + args[i]);
      settings.put(setting[0], setting[1]);
    }
    Environment environment =
        InternalSettingsPreparer.prepareEnvironment(settings.build(), Map.of(), home.resolve("config"), () -> NODE_NAME);
    LogConfigurator.configure(environment, true);
    Node node = new Node(environment, modulesOf(environment));
    CountDownLatch closed = new CountDownLatch(1);
    // Before start, which returns later than the node begins to answer.
    Runtime.getRuntime().addShutdownHook(new Thread(() -> close(node, closed)));
    node.start();
    closed.await();
  }

  private static PluginsLoader modulesOf(Environment environment) {
    return PluginsLoader.createPluginsLoader(
        PluginsLoader.loadModulesBundles(environment.modulesDir(), false),
        PluginsLoader.loadPluginsBundles(environment.pluginsDir(), false),
        Map.of(),
        false);
  }

  private static void close(Node node, CountDownLatch closed) {
    try {
      node.close();
      node.awaitClose(20, TimeUnit.SECONDS);
    } catch (Exception e) {
      e.printStackTrace();
    } finally {
      closed.countDown();
    }
  }
}
