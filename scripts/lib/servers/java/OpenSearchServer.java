import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.opensearch.Version;
import org.opensearch.analysis.common.CommonAnalysisModulePlugin;
import org.opensearch.common.logging.LogConfigurator;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.index.mapper.MapperExtrasModulePlugin;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.painless.PainlessModulePlugin;
import org.opensearch.plugins.PluginInfo;
import org.opensearch.transport.Netty4ModulePlugin;

/**
 * One OpenSearch node from the jars of the Maven repository: {@code OpenSearchServer HOME [setting=value …]}. Its modules
 * are on the class path, as OpenSearch's own tests have them; closed at SIGTERM.
 */
public final class OpenSearchServer {
  private static final String NODE_NAME = "millrace";
  private static final List<Class<? extends org.opensearch.plugins.Plugin>> MODULES =
      List.of(
          Netty4ModulePlugin.class,
          PainlessModulePlugin.class,
          CommonAnalysisModulePlugin.class,
          MapperExtrasModulePlugin.class);

  /** The constructor that takes modules from the class path is for subclasses. */
  private static final class ClassPathNode extends Node {
    ClassPathNode(Environment environment) {
      super(environment, MODULES.stream().map(OpenSearchServer::describe).toList(), false);
    }
  }

  public static void main(String[] args) throws Exception {
    Path home = Path.of(args[0]);
    Settings.Builder settings =
        Settings.builder().put("path.home", home.toString()).put("http.type", "netty4").put("transport.type", "netty4");
    for (String arg : List.of(args).subList(1, args.length)) {
      String[] setting = arg.split("=", 2);
      if (setting.length < 2) throw new IllegalArgumentException("not setting=value: " + arg);
      settings.put(setting[0], setting[1]);
    }
    Environment environment =
        InternalSettingsPreparer.prepareEnvironment(settings.build(), Map.of(), home.resolve("config"), () -> NODE_NAME);
    LogConfigurator.registerErrorListener();
    LogConfigurator.configure(environment);
    Node node = new ClassPathNode(environment);
    CountDownLatch closed = new CountDownLatch(1);
    // Before start, which returns later than the node begins to answer.
    Runtime.getRuntime().addShutdownHook(new Thread(() -> close(node, closed)));
    node.start();
    closed.await();
  }

  private static PluginInfo describe(Class<?> module) {
    String name = module.getName();
    return new PluginInfo(name, "module", Version.CURRENT.toString(), Version.CURRENT, "21", name, null, List.of(), false);
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
